/** The backups of a stack, found through its outputs and the place that its settings name. */
import type { Outputs } from "../components/outputs.ts";
import { requireBackend } from "./backend.ts";
import type { BackupJob, BackupOutputs } from "./backup-job.ts";
import { DockerBackupJob } from "./docker-backup-job.ts";
import { Engine } from "./engine.ts";
import { badInput } from "./errors.ts";
import { type Project, type StackFile, readProject, readStackFile } from "./project.ts";
import { dockerOf } from "./stack-docker.ts";
import { clusterAccessOf } from "./stack-settings.ts";

/** @throws CliError with exit code 2 where the stack makes no backups. */
export async function backupJobOf(stack: string): Promise<BackupJob> {
  const { engine, outputs, backup, project, file } = await open(stack);
  if (backup.run.via === "lambda") {
    const { AwsBackupJob } = await import("./aws/backup-job.ts");
    return new AwsBackupJob(engine, outputs, backup);
  }
  if (backup.run.via !== "kubernetes")
    return new DockerBackupJob(engine, outputs, backup, dockerOf(project, file));
  // Loaded here: a client of Kubernetes takes a moment, and a VPS needs none.
  const [{ ClusterBackupJob }, { clusterOf }] = await Promise.all([
    import("./kubernetes/backup-job.ts"),
    import("./kubernetes/client.ts"),
  ]);
  const [namespace] = backup.run.target.split("/");
  const cluster = await clusterOf(engine, { cluster: clusterAccessOf(file), namespace });
  return new ClusterBackupJob(engine, outputs, backup, cluster);
}

/** As `backupJobOf`, of a stack on a host. */
export async function dockerBackupJobOf(stack: string): Promise<DockerBackupJob> {
  const { engine, outputs, backup, project, file } = await open(stack);
  return new DockerBackupJob(engine, outputs, backup, dockerOf(project, file));
}

interface Opened {
  readonly engine: Engine;
  readonly outputs: Outputs;
  readonly backup: BackupOutputs;
  readonly project: Project;
  readonly file: StackFile | undefined;
}

async function open(stack: string): Promise<Opened> {
  const project = readProject();
  const engine = new Engine(project, stack, requireBackend(project));
  const outputs = (await engine.outputs()) as Outputs | undefined;
  if (!outputs) throw badInput(`There is no stack ${stack} in ${engine.backend.url}`);
  const { backup } = outputs;
  if (!backup) {
    throw badInput(
      `The stack ${stack} makes no backups; needs the setting ${project.name}:backup, such as {}, and an update`,
    );
  }
  return { engine, outputs, backup, project, file: readStackFile(project, stack) };
}
