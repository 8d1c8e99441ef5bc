/** What a stack runs and how it fares, read from the backend and from what carries it. */
import { statusSchema } from "../components/live-status.ts";
import type { Outputs } from "../components/outputs.ts";
import { LABEL } from "../components/shared/labels.ts";
import type { Carrier, PartStatus } from "./carrier.ts";
import { type DockerContext, type History, type StackContext, whatRuns } from "./deploy-context.ts";
import { ownContainers } from "./docker.ts";
import { badInput } from "./errors.ts";

export type LiveStatus = NonNullable<Outputs["status"]>;

/** The live part of the outputs, from the host's records; those of another form are left out. */
export function liveStatus(records: History["records"]): LiveStatus {
  const { lastDeploy, lastBackup, lastVerifiedRestore, lastStateCopy, certificate } = statusSchema.shape;
  return {
    lastDeploy: lastDeploy.safeParse(records.deploy).data ?? null,
    lastBackup: lastBackup.safeParse(records.backup).data ?? null,
    lastVerifiedRestore: lastVerifiedRestore.safeParse(records.restore).data ?? null,
    lastStateCopy: lastStateCopy.safeParse(records.state).data ?? null,
    certificate: certificate.safeParse(records.certificate).data ?? null,
  };
}

export interface StackStatus {
  readonly stack: string;
  readonly release: { id: string; version: string; commit: string | null; restored: boolean } | null;
  readonly maintenance: boolean | null;
  /** Who releases something at the moment; null when nobody does. */
  readonly held: string | null;
  readonly status: LiveStatus;
  /** Or pods. */
  readonly containers: readonly PartStatus[];
}

export async function stackStatus(context: StackContext, carrier: Carrier): Promise<StackStatus> {
  const { engine, stack } = context;
  if (!(await engine.exists())) throw badInput(`There is no stack ${stack} in ${engine.backend.url}`);
  const [running, held, containers, maintenance] = await Promise.all([
    whatRuns(context, carrier),
    carrier.holder(),
    carrier.parts(),
    carrier.maintenance(),
  ]);
  const { release } = running;
  return {
    stack,
    release: release
      ? {
          id: release.id,
          version: release.version,
          commit: release.commit ?? null,
          restored: release.restored,
        }
      : null,
    maintenance: maintenance ?? null,
    held: held ?? null,
    status: liveStatus((await running.history).records),
    containers,
  };
}

/** Containers that ought to run: neither those that carry secrets nor those that have done their work. */
export async function containersOf({ docker, engine }: DockerContext): Promise<PartStatus[]> {
  const fields = ["Names", "Status"].map((field) => `{{.${field}}}`);
  const labels = [LABEL.resource, LABEL.release].map((label) => `{{.Label "${label}"}}`);
  const text = await docker.run([
    "ps",
    "--all",
    ...ownContainers(engine.owner),
    "--format",
    [...fields, ...labels].join("\t"),
  ]);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"))
    .map(([name = "", status = "", part = "", version = ""]) => ({
      name,
      part,
      status,
      version: version || null,
    }))
    .filter(({ part, status }) => part !== "switch" && !/-migration$/.test(part) && status !== "Created")
    .sort((a, b) => a.part.localeCompare(b.part) || a.name.localeCompare(b.name));
}
