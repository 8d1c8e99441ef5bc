/** What Argo Rollouts says and does, for tests of releases. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterSite } from "./e2e-cluster.ts";

interface ReplicaSet {
  metadata: { annotations?: Record<string, string>; labels: Record<string, string> };
  spec: { template: { metadata: { labels: Record<string, string> } } };
}

const HASH = "rollouts-pod-template-hash";
const REVISION = "rollout.argoproj.io/revision";

/** As `kubectl argo rollouts undo` does: the pods of the revision before are wanted again. */
export async function undo(site: ClusterSite, ...names: string[]): Promise<void> {
  await Promise.all(names.map((name) => undoOne(site, name)));
}

async function undoOne(site: ClusterSite, name: string): Promise<void> {
  const labels = `app.kubernetes.io/name=${name}`;
  const list = await site.kubectl("get", "replicasets", "--selector", labels, "--output", "json");
  const revision = ({ metadata }: ReplicaSet) => Number(metadata.annotations?.[REVISION] ?? 0);
  const [, before] = (JSON.parse(list) as { items: ReplicaSet[] }).items.sort(
    (a, b) => revision(b) - revision(a),
  );
  assert.ok(before, `${name} has a revision to go back to`);
  const template = structuredClone(before.spec.template);
  Reflect.deleteProperty(template.metadata.labels, HASH);
  const patch = JSON.stringify({ spec: { template } });
  await site.kubectl("patch", "rollout", name, "--type=merge", "--patch", patch);
}

/** One field of a Rollout. */
export function rolloutField(site: ClusterSite, name: string, field: string): Promise<string> {
  return site.kubectl("get", "rollout", name, "--output", `jsonpath={${field}}`);
}

/** Share of the traffic that a canary has. */
async function shareOf(site: ClusterSite, name: string): Promise<number> {
  const field = "jsonpath={.spec.weighted.services[1].weight}";
  return Number(await site.kubectl("get", "traefikservice", name, "--output", field));
}

export interface Share {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly share: number;
}

/** Follows the share of a canary until it is told to stop. */
export class Shares {
  readonly seen: Share[] = [];
  #stopped = false;
  readonly #following: Promise<void>;

  constructor(site: ClusterSite, name: string) {
    this.#following = this.#follow(site, name);
  }

  async stop(): Promise<readonly Share[]> {
    this.#stopped = true;
    await this.#following;
    return this.seen;
  }

  async #follow(site: ClusterSite, name: string): Promise<void> {
    while (!this.#stopped) {
      const share = await shareOf(site, name);
      if (this.seen.at(-1)?.share !== share) this.seen.push({ at: Date.now(), share });
      await sleep(200);
    }
  }
}

/** The same as text. */
export function told(shares: readonly Share[]): string {
  const began = shares[0]?.at ?? 0;
  return shares.map(({ at, share }) => `${share} % at +${((at - began) / 1000).toFixed(1)} s`).join(", ");
}
