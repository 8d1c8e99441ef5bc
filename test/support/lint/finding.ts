/** What the tools of lint say, in one form. */
import type { Manifest } from "../../../cli/render/manifests.ts";

export interface Finding {
  readonly tool: "kubeconform" | "kube-score" | "checkov" | "server";
  /** Its name of the rule. */
  readonly rule: string;
  /** `Deployment/web`. */
  readonly object: string;
  readonly text: string;
}

export interface Linted {
  readonly findings: Finding[];
  /** Checks that passed, as the tool counts them. */
  readonly passed: number;
}

/** A tool: all objects in one file, and the same as values. */
export type Lint = (file: string, objects: readonly Manifest[]) => Promise<Linted>;

export function nameOf({ kind, metadata }: Pick<Manifest, "kind" | "metadata">): string {
  return `${kind}/${metadata.name}`;
}
