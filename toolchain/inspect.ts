/** What of the toolchain is on this machine, and where it came from: for `tristack doctor`. Reads only. */
import { type DockerReport, inspectDocker } from "./docker.ts";
import { type ImageReport, inspectImages } from "./images.ts";
import type { ToolReport } from "./manifest.ts";
import type { Target } from "./pins.ts";
import { inspectPulumi } from "./pulumi.ts";

export interface ToolchainReport {
  readonly tools: readonly ToolReport[];
  /** Undefined: the target needs none. */
  readonly docker?: DockerReport;
  /** Undefined: no engine to ask. */
  readonly images?: ImageReport;
}

export async function inspectToolchain(target: Target): Promise<ToolchainReport> {
  const docker = await inspectDocker();
  const images = docker.origin === "missing" ? undefined : await inspectImages();
  return { tools: inspectPulumi(target), docker, images };
}
