/** The cluster of a stack, as its settings name it, over the Kubernetes API. */
import { resolve } from "node:path";
import {
  ApiException,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  Log,
} from "@kubernetes/client-node";
import {
  type ClusterAccess,
  type ClusterSetting,
  KUBECONFIG_OUTPUT,
  exportsNone,
  kubeconfigText,
  load,
} from "../../components/kubernetes/cluster-access.ts";
import type { Owner } from "../../components/shared/labels.ts";
import type { Engine } from "../engine.ts";
import { badInput, failed, messageOf } from "../errors.ts";
import type { Project } from "../project.ts";

export interface Cluster {
  readonly owner: Owner;
  /** The stack's. */
  readonly namespace: string;
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly batch: BatchV1Api;
  readonly coordination: CoordinationV1Api;
  /** Objects of any kind. */
  readonly objects: KubernetesObjectApi;
  readonly log: Log;
}

/**
 * Nothing is asked of the cluster yet.
 * @throws CliError with exit code 2 where there is no such kubeconfig or context
 */
export function clusterAt(
  { root }: Pick<Project, "root">,
  owner: Owner,
  { cluster, namespace }: { cluster: ClusterAccess; namespace?: string | undefined },
): Cluster {
  const config = kubeconfig(root, cluster);
  return {
    owner,
    namespace: namespace ?? owner.stack,
    config,
    core: config.makeApiClient(CoreV1Api),
    batch: config.makeApiClient(BatchV1Api),
    coordination: config.makeApiClient(CoordinationV1Api),
    objects: KubernetesObjectApi.makeApiClient(config),
    log: new Log(config),
  };
}

/** The same, with what another stack exports where the settings name one. */
export async function clusterOf(
  engine: Pick<Engine, "project" | "owner" | "outputOf">,
  { cluster, namespace }: { cluster: ClusterSetting; namespace?: string | undefined },
): Promise<Cluster> {
  const { stack, ...given } = cluster;
  const content = stack === undefined ? {} : { content: await exportedBy(engine, stack) };
  return clusterAt(engine.project, engine.owner, { cluster: { ...given, ...content }, namespace });
}

async function exportedBy(engine: Pick<Engine, "outputOf">, stack: string): Promise<string> {
  const text = kubeconfigText(await engine.outputOf(stack, KUBECONFIG_OUTPUT));
  if (text !== undefined) return text;
  throw badInput(exportsNone(stack));
}

function kubeconfig(root: string, access: ClusterAccess): KubeConfig {
  const { kubeconfig: file } = access;
  const config = new KubeConfig();
  try {
    load(config, { ...access, ...(file === undefined ? {} : { kubeconfig: resolve(root, file) }) });
  } catch (error) {
    throw badInput(`cluster.kubeconfig: ${file ?? "that of kubectl"} cannot be read: ${messageOf(error)}`);
  }
  if (config.getCurrentCluster()) return config;
  const known = config.contexts.map(({ name }) => name).join(", ");
  throw badInput(
    `cluster.context: ${config.getCurrentContext() || "not set"}; needs one of: ${known || "none is there"}`,
  );
}

/** What the cluster answers; undefined where it has no such thing. @throws CliError in the cluster's own words */
export async function orIfMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw clusterError(error);
  }
}

/** As it is, with the cluster's own words where it fails. */
export async function asked<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw clusterError(error);
  }
}

export function isStatus(error: unknown, code: number): boolean {
  return error instanceof ApiException && error.code === code;
}

function clusterError(error: unknown): Error {
  if (!(error instanceof ApiException))
    return failed(`the cluster cannot be reached: ${causeOf(error)}`, error);
  const { code, body = wordsOf(error) } = error as ApiException<unknown>;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return failed(`the cluster says no (${code}): ${saidIn(text)}`, error);
}

/** Of an answer without a body, such as the library's of a 401: it puts the status' own words into its message. */
function wordsOf({ message }: Error): string {
  return /^Message: (.+)$/m.exec(message)?.[1] ?? message;
}

/** undici says "fetch failed", and why only in the cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : messageOf(cause);
}

function saidIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? message : text;
  } catch {
    return text.slice(0, 500);
  }
}
