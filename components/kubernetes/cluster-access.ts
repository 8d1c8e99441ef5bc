/** How a stack's cluster is reached: a kubeconfig that is given, or one that another stack exports. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";

export interface ClusterAccess {
  /** File with the kubeconfig. @default that of `kubectl` */
  readonly kubeconfig?: string;
  /** Context in it. @default its current one */
  readonly context?: string;
  /** The kubeconfig itself, which then is in no file. */
  readonly content?: string;
}

/** What the settings say of the cluster. */
export interface ClusterSetting extends Pick<ClusterAccess, "kubeconfig" | "context"> {
  readonly stack?: string;
}

/** Name of the output that has the kubeconfig, as Pulumi's own examples and components call it. */
export const KUBECONFIG_OUTPUT = "kubeconfig";

/** The output's value as text: some export it as an object. Undefined where it is neither. */
export function kubeconfigText(value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : undefined;
}

/** Why the other stack is no good. */
export function exportsNone(stack: string): string {
  return `cluster.stack: ${stack} exports no ${KUBECONFIG_OUTPUT}; needs a stack that is up, of the target cluster or with that output`;
}

/** What is in the kubeconfig. @throws Error of the file system */
export function kubeconfigOf(access: ClusterAccess): string {
  return access.content ?? readFileSync(fileOf(access), "utf8");
}

/** Where it is, for messages. */
export function placeOf(access: ClusterAccess): string {
  return access.content === undefined ? fileOf(access) : "the kubeconfig of cluster.stack";
}

function fileOf({ kubeconfig }: ClusterAccess): string {
  const [first] = (process.env["KUBECONFIG"] ?? "").split(delimiter).filter(Boolean);
  return resolve(kubeconfig ?? first ?? join(homedir(), ".kube", "config"));
}

/** Loads it into the Kubernetes client's own form. @throws Error of the file system, or of its parser */
export function load(config: KubeConfig, { kubeconfig, context, content }: ClusterAccess): void {
  if (content !== undefined) config.loadFromString(content);
  else if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
}
