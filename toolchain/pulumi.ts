/** Pulumi's CLI, its Node.js language host and the plugins that a target needs. */
import { messageOf } from "../cli/errors.ts";
import { type Log, silent } from "./command.ts";
import { withLock } from "./lock.ts";
import { type ToolReport, removeBuilt, reportTool } from "./manifest.ts";
import { build } from "./modules.ts";
import { download, siteAnswers } from "./official.ts";
import { cacheFolder } from "./paths.ts";
import { type Target, type Tool, toolsFor } from "./pins.ts";

export interface PulumiOptions {
  /** Decides which plugins are needed. */
  readonly target: Target;
  readonly log?: Log;
}

/** Installs what is missing or no longer fits the pins, and says how each tool came to be. */
export async function ensurePulumi({ target, log = silent }: PulumiOptions): Promise<ToolReport[]> {
  await ensureTools(toolsFor(target), log);
  return inspectPulumi(target);
}

/** Downloads what can be downloaded of what is missing, and builds the rest. */
export async function ensureTools(tools: readonly Tool[], log: Log): Promise<void> {
  if (tools.every(isReady)) return;
  await withLock(cacheFolder("toolchain.lock"), log, async () => {
    // Asked again: another run may have done it while we waited, and the CLI's download brings the language host.
    log("asking Pulumi's download site");
    await siteAnswers();
    const unmet: Tool[] = [];
    for (const tool of tools) {
      if (!isReady(tool) && !(await tryDownload(tool, log))) unmet.push(tool);
    }
    if (unmet.length > 0) await build(unmet, log);
  });
}

/** What is there. Reads only. */
export function inspectPulumi(target: Target): ToolReport[] {
  return toolsFor(target).map((tool) => reportTool(tool));
}

function isReady(tool: Tool): boolean {
  const { origin, current } = reportTool(tool);
  return origin !== "missing" && current;
}

async function tryDownload(tool: Tool, log: Log): Promise<boolean> {
  // Nobody offers the test cluster's parts in one place.
  if (tool.kind === "cluster" || !(await siteAnswers())) return false;
  removeBuilt(tool);
  try {
    await download(tool, log);
    return isReady(tool);
  } catch (error) {
    log(`${tool.name}: the download failed, building it instead (${messageOf(error)})`);
    return false;
  }
}
