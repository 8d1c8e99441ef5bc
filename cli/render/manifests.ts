/** The objects of a stack as others apply them: what the program would make, without its secrets and without Pulumi's own marks. */
import { fingerprint } from "../../components/shared/names.ts";
import { failed } from "../errors.ts";
import type { Registered } from "./recorder.ts";

export interface Metadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  [key: string]: unknown;
}

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  [key: string]: unknown;
}

/** A Secret that has to be there before the pods are. */
export interface NeededSecret {
  readonly name: string;
  readonly type: string;
  readonly keys: string[];
}

export interface Manifests {
  readonly objects: Manifest[];
  readonly secrets: NeededSecret[];
}

/**
 * Argo CD applies wave by wave, and waits for each to be healthy: the database, then migrations, then the pods of the
 * release, then what counts them and leads to them. https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/
 */
const WAVES: Readonly<Record<string, number>> = {
  Job: 1,
  Deployment: 2,
  Rollout: 2,
  HorizontalPodAutoscaler: 3,
  // A certificate is not healthy before the domain leads here, and no release is to wait for that.
  Gateway: 3,
  HTTPRoute: 3,
  Ingress: 3,
  Certificate: 3,
};

export function manifestsOf(resources: readonly Registered[]): Manifests {
  const ours = resources.filter(({ type }) => type.startsWith("kubernetes:"));
  const isSecret = ({ type }: Registered) => type === "kubernetes:core/v1:Secret";
  const secrets = ours.filter(isSecret);
  // The program names some by what is in them; what is in them is not known here, and need not be.
  const names = new Map(secrets.map((secret) => [objectOf(secret).metadata.name, stableName(secret)]));
  const objects = ours
    .filter((one) => !isSecret(one))
    .map((one) => manifestOf(one, (text) => names.get(text) ?? text));
  return { objects: sorted(objects), secrets: secrets.map(needed).sort(byName) };
}

function stableName(secret: Registered): string {
  const { name } = objectOf(secret).metadata;
  return secret.inputs.immutable === true ? name.replace(/-[0-9a-f]{8}$/, "") : name;
}

function needed(secret: Registered): NeededSecret {
  const { type, stringData, data } = secret.inputs;
  const content = (stringData ?? data ?? {}) as { secret?: object };
  return {
    name: stableName(secret),
    type: typeof type === "string" ? type : "Opaque",
    keys: Object.keys(content.secret ?? content).sort(),
  };
}

function manifestOf(resource: Registered, rename: (text: string) => string): Manifest {
  if (resource.secret)
    throw failed(`${resource.type} ${resource.name} holds a secret outside of a Secret: it is not rendered`);
  const object = cleaned(objectOf(resource), rename) as Manifest;
  // Each `kubectl apply` would set the number again, against the autoscaler.
  if (resource.ignoreChanges.includes("spec.replicas"))
    delete (object.spec as { replicas?: number }).replicas;
  const { annotations = {}, ...metadata } = object.metadata;
  const marks = { ...withoutPulumi(annotations), ...argoMarks(object.kind, resource.protect) };
  const named = object.kind === "Job" ? { ...metadata, name: jobName(object) } : metadata;
  return {
    ...object,
    metadata: Object.keys(marks).length > 0 ? { ...named, annotations: marks } : named,
  };
}

/** A Job cannot be changed, and what Pulumi leaves alone others would try to: another one has another name. */
function jobName({ metadata, spec }: Manifest): string {
  return `${metadata.name.replace(/-[0-9a-f]{8}$/, "")}-${fingerprint(spec)}`;
}

function argoMarks(kind: string, isProtected: boolean): Record<string, string> {
  const wave = WAVES[kind];
  return {
    ...(wave === undefined ? {} : { "argocd.argoproj.io/sync-wave": String(wave) }),
    ...(isProtected ? { "argocd.argoproj.io/sync-options": "Prune=false,Delete=false" } : {}),
  };
}

function withoutPulumi(annotations: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith("pulumi.com/")));
}

function objectOf({ type, name, inputs }: Registered): Manifest {
  const { apiVersion, kind, metadata } = inputs as Partial<Manifest>;
  if (apiVersion === undefined || kind === undefined || metadata?.name === undefined)
    throw failed(`${type} ${name} cannot be rendered: it has no name of its own`);
  return inputs as unknown as Manifest;
}

/** The server drops an empty list, and whoever compares would see a difference for ever. */
function isNothing(key: string, value: unknown): boolean {
  return JSON.stringify(value) === "[]" || (key === "annotations" && JSON.stringify(value) === "{}");
}

/** A copy with every text renamed. */
function cleaned(value: unknown, rename: (text: string) => string): unknown {
  if (typeof value === "string") return rename(value);
  if (Array.isArray(value)) return value.map((one) => cleaned(one, rename));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key, inner]) => !isNothing(key, inner));
  return Object.fromEntries(entries.map(([key, inner]) => [key, cleaned(inner, rename)]));
}

/** What identifies an object in its namespace. */
export function keyOf({ apiVersion, kind, metadata }: Manifest): string {
  return [kind, metadata.name, apiVersion].join(" ");
}

export function sorted(objects: readonly Manifest[]): Manifest[] {
  return [...objects].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function byName(a: NeededSecret, b: NeededSecret): number {
  return a.name < b.name ? -1 : 1;
}
