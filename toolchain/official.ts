/** The official way to get the tools: npm's `pulumi` launcher for the CLI and its language hosts, the CLI for plugins. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Log, run } from "./command.ts";
import { CLI, type Tool, toolPath } from "./pins.ts";

/** What the launcher fetches first; plugins come from the same site. */
const SITE = "https://get.pulumi.com/install.sh";
const PROBE_SECONDS = 8;
const DOWNLOAD_SECONDS = 600;

let probe: Promise<boolean> | undefined;

/** Whether the download site answers. Asked once per run: without it every tool would wait for its own timeout. */
export function siteAnswers(): Promise<boolean> {
  probe ??= fetch(SITE, { method: "HEAD", signal: AbortSignal.timeout(PROBE_SECONDS * 1000) }).then(
    (response) => response.ok,
    () => false,
  );
  return probe;
}

/** Installs a tool as its makers publish it. The CLI has to be there before the plugins. */
export async function download(tool: Tool, log: Log): Promise<void> {
  log(`downloading ${tool.name} ${tool.version}`);
  const onLine = (line: string) => log(line.trim());
  if (tool.kind === "plugin") {
    const name = tool.name.replace("pulumi-resource-", "");
    await run(toolPath(CLI), ["plugin", "install", "resource", name, tool.version], {
      timeout: DOWNLOAD_SECONDS,
      onLine,
      env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    return;
  }
  // The launcher asks for its own package's version unless it is told another one.
  await run(process.execPath, [launcher(), "version"], {
    timeout: DOWNLOAD_SECONDS,
    onLine,
    env: { PULUMI_VERSION: tool.version, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
}

function launcher(): string {
  const manifest = createRequire(import.meta.url).resolve("pulumi/package.json");
  return join(dirname(manifest), "run.js");
}
