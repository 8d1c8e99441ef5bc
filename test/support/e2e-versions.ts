/** Which real components a run has used: asked of the things themselves, once they run. */
import { LABEL } from "../../components/shared/labels.ts";
import { containers, docker, inside } from "./e2e-engine.ts";
import { run, succeeded } from "./e2e-command.ts";

interface Plugin {
  readonly name: string;
  readonly version?: string;
}

/** Where plain Pulumi can be run. */
interface Place {
  readonly root: string;
}

let printed = false;

/** Prints them, the first time that a stack is up. */
export async function printVersions(place: Place): Promise<void> {
  if (printed) return;
  printed = true;
  const found = await versions(place);
  console.log(
    `\n  Real components of this run:\n${found.map(([name, version]) => `    ${name.padEnd(20)} ${version}`).join("\n")}\n`,
  );
}

async function versions({ root }: Place): Promise<[name: string, version: string][]> {
  const options = { cwd: root, env: { PULUMI_SKIP_UPDATE_CHECK: "1" } };
  const pulumi = async (...args: string[]) =>
    succeeded(await run("npx", ["pulumi", ...args], options)).stdout.trim();
  const plugins = JSON.parse(await pulumi("plugin", "ls", "--json")) as Plugin[];
  return [
    ["Pulumi CLI", await pulumi("version")],
    ...plugins.map(({ name, version }): [string, string] => [`Pulumi plugin ${name}`, version ?? "unknown"]),
    [
      "Docker Engine",
      await docker("version", "--format", "{{.Server.Version}} ({{.Server.Os}}/{{.Server.Arch}})"),
    ],
    ["nginx", await firstLine("proxy", "nginx -v 2>&1")],
    ["PostgreSQL", await firstLine("postgres", "postgres -V")],
    ["Redis", await firstLine("redis", "redis-server --version")],
    ["certbot", await firstLine("certificates", "certbot --version 2>/dev/null")],
    ["OpenSSL", await firstLine("certificates", "openssl version")],
    ["Node (scripts)", (await run("npx", ["node", "--version"], options)).stdout.trim()],
    ["Node (web)", await inService("web", "node --version")],
    ["Python (api)", await inService("api", "python --version")],
  ];
}

async function firstLine(resource: string, command: string): Promise<string> {
  return (await inside(resource, "sh", "-c", command)).split("\n")[0] ?? "";
}

async function inService(service: string, command: string): Promise<string> {
  const running = (await containers()).find(
    (one) => one.State.Running && one.Config.Labels[LABEL.service] === service,
  );
  return running ? docker("exec", running.Id, "sh", "-c", command) : "not running";
}
