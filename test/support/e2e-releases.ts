/** Releases of the sample application under names of the test's own, and the commands that bring them. */
import assert from "node:assert/strict";
import type { Ran } from "./e2e-command.ts";
import { type Container, containers, docker } from "./e2e-engine.ts";
import { LABEL } from "../../components/shared/labels.ts";
import type { Workspace } from "./e2e-workspace.ts";

const SERVICES = ["web", "api"] as const;

/** What `tristack deploy --json` prints, as far as the tests read it. */
export interface Released {
  readonly version: string;
  readonly releaseId: string | null;
  /** Version that ran before. */
  readonly before: string | null;
  readonly runs: string | null;
  readonly prunedImages: readonly string[];
  readonly warnings: readonly string[];
  readonly lastDeploy: {
    readonly passed: boolean;
    readonly reason: string | null;
    readonly proof: {
      readonly requests: number;
      readonly failed: number;
      readonly seconds: Readonly<Record<string, number>>;
    };
  };
}

/** The images of the last start under other tags: the same software, released under another name. */
export async function tagVersions(versions: readonly string[]): Promise<void> {
  for (const service of SERVICES) {
    const running = (await serving()).find((one) => one.Config.Labels[LABEL.service] === service);
    assert.ok(running, `no container of ${service}`);
    for (const version of versions) await docker("tag", running.Config.Image, imageOf(service, version));
  }
}

export async function untagVersions(versions: readonly string[]): Promise<void> {
  const present = (await docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")).split("\n");
  const own = versions.flatMap((version) => SERVICES.map((service) => imageOf(service, version)));
  const found = own.filter((image) => present.includes(image));
  if (found.length > 0) await docker("image", "rm", ...found);
}

export function imageOf(service: (typeof SERVICES)[number], version: string): string {
  return `tristack.local/${service}:${version}`;
}

/** Containers of services that run. */
export async function serving(): Promise<Container[]> {
  return (await containers()).filter(
    (one) => one.State.Running && one.Config.Labels[LABEL.service] !== undefined,
  );
}

export async function servingIds(): Promise<string[]> {
  return (await serving()).map((one) => one.Id).sort();
}

export function deploy(site: Workspace, version: string, ...more: string[]): Promise<Ran> {
  return site.tristack(["deploy", "local", "--version", version, "--json", ...more]);
}

export function rollback(site: Workspace, ...version: string[]): Promise<Ran> {
  return site.tristack(["rollback", "local", ...version, "--json"]);
}

/** The result that a command printed; the end of its exit code is the test's own matter. */
export function resultOf(ran: Ran): Released {
  try {
    return JSON.parse(ran.stdout) as Released;
  } catch (error) {
    throw new Error(`${ran.command} printed no result (exit code ${String(ran.exitCode)}):\n${ran.all}`, {
      cause: error,
    });
  }
}

/** Version of the release that nginx answers with. */
export async function servedRelease(site: Workspace): Promise<string> {
  return String((await site.ask("/api/items")).headers["x-tristack-release"]);
}
