/** What `tristack doctor` looks at on the machine: of Docker where the stack is carried by one. */
import { execa } from "execa";
import type { ToolchainReport } from "../toolchain/inspect.ts";
import type { ToolReport } from "../toolchain/manifest.ts";
import type { Target } from "../toolchain/pins.ts";
import { type Check, missing, note, ok } from "./checks.ts";
import type { Docker } from "./docker.ts";
import { messageOf } from "./errors.ts";

/** The command that installs what a target needs. */
function toolchainFor(target: Target): string {
  return target === "vps" ? "npm run toolchain" : `npm run toolchain -- --target ${target}`;
}

export async function machineChecks(
  target: Target,
  report: ToolchainReport,
  docker: Docker | undefined,
): Promise<Check[]> {
  const tools = report.tools.map((tool) => toolCheck(tool, toolchainFor(target)));
  const built = report.tools.some((tool) => tool.origin !== "downloaded");
  return [
    ok("Node", `${process.versions.node} (${process.execPath})`),
    await npmCheck(),
    ...(built ? [await goCheck(report.tools)] : []),
    ...tools,
    ...(docker ? [...(await dockerChecks(report, docker)), ...imageChecks(report)] : []),
  ];
}

async function npmCheck(): Promise<Check> {
  const version = await firstLine("npm", ["--version"]);
  return version
    ? ok("npm", version)
    : note("npm", "not on PATH", "install npm: `npm start` and `npm test` need it");
}

/** Only where something is or has to be built. */
async function goCheck(tools: readonly ToolReport[]): Promise<Check> {
  const version = (await firstLine("go", ["version"]))?.replace(/^go version go/, "");
  if (version) return ok("Go", version);
  const needed = tools.some((tool) => tool.origin === "missing" || !tool.current);
  if (!needed) return note("Go", "not on PATH (nothing has to be built at the moment)");
  return note(
    "Go",
    "not on PATH",
    "needed only where Pulumi's download site cannot be reached: https://go.dev/dl",
  );
}

function toolCheck(tool: ToolReport, mend: string): Check {
  const name = tool.name === "pulumi" ? "Pulumi CLI" : tool.name;
  if (tool.origin === "missing") return missing(name, `${tool.version} is not there`, mend);
  if (!tool.current)
    return missing(name, `${tool.version}, built from other pins than this checkout's`, mend);
  if (tool.origin === "downloaded") return ok(name, `${tool.version} (downloaded)`);
  return note(
    name,
    `${tool.version} (built from Go modules, not Pulumi's release: ${tool.builtFrom ?? "?"})`,
  );
}

/** Only what is read here of `docker info`. */
interface DockerInfo {
  ServerVersion?: string;
  OSType?: string;
  Architecture?: string;
  CgroupVersion?: string;
  MemoryLimit?: boolean;
  SwapLimit?: boolean;
  CpuCfsQuota?: boolean;
  ServerErrors?: string[];
}

async function dockerChecks({ docker: found }: ToolchainReport, docker: Docker): Promise<Check[]> {
  const how = docker.host ? "from the stack's settings" : `context ${found?.context ?? "default"}`;
  const address = docker.host ?? found?.host ?? "?";
  let info: DockerInfo;
  try {
    info = JSON.parse(await docker.run(["info", "--format", "{{json .}}"], 30)) as DockerInfo;
    if (!info.ServerVersion) throw new Error(info.ServerErrors?.join("; ") ?? "no answer");
  } catch (error) {
    const advice = docker.host
      ? "see that the address is right and that `ssh` reaches it without a question"
      : found?.problem;
    return [missing("Docker", `${address} (${how}): ${messageOf(error)}`, advice ?? toolchainFor("vps"))];
  }
  const { Architecture: architecture = "?", OSType: os = "?" } = info;
  const lacking = [
    info.MemoryLimit === false ? "memory limits" : "",
    info.CpuCfsQuota === false ? "CPU limits" : "",
  ].filter((word) => word !== "");
  const limits =
    lacking.length > 0
      ? missing(
          "Limits",
          `the kernel has no ${lacking.join(" and no ")}`,
          "use a kernel with these cgroup controllers",
        )
      : info.SwapLimit === false
        ? note(
            "Limits",
            "memory and CPU; swap is not counted, so a container may use swap beyond its memory",
            "boot with swapaccount=1",
          )
        : ok("Limits", `memory, CPU and swap (cgroup v${info.CgroupVersion ?? "?"})`);
  return [
    ok("Docker", `${info.ServerVersion ?? "?"} at ${address} (${how})`),
    platformCheck(os, architecture),
    limits,
  ];
}

/** Images are built for linux/amd64 and linux/arm64. */
function platformCheck(os: string, architecture: string): Check {
  const platform = `${os}/${architecture}`;
  if (os === "linux" && ["x86_64", "amd64", "aarch64", "arm64"].includes(architecture))
    return ok("Platform", platform);
  return missing(
    "Platform",
    platform,
    "use an engine for linux/amd64 or linux/arm64: images are built for these",
  );
}

function imageChecks({ images }: ToolchainReport): Check[] {
  return Object.entries(images ?? {}).map(([name, image]) => {
    const title = `Image ${name}`;
    if (image.origin === "official") return ok(title, image.reference);
    if (image.origin === "missing")
      return note(
        title,
        `${image.official} is not there yet`,
        `${toolchainFor("vps")} (or the first update pulls it)`,
      );
    return note(title, `${image.reference} (built from packages, a stand-in for ${image.official})`);
  });
}

async function firstLine(command: string, args: readonly string[]): Promise<string | undefined> {
  const result = await execa(command, args, { reject: false, stdin: "ignore", timeout: 30_000 });
  return result.failed ? undefined : result.stdout.split("\n")[0]?.trim();
}
