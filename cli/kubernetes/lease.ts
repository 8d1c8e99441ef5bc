/** One rollout at a time on a cluster, whoever runs it from wherever: a Lease in the stack's namespace, renewed meanwhile. */
import { type V1Lease, V1MicroTime } from "@kubernetes/client-node";
import { labelsOf } from "../../components/kubernetes/labels.ts";
import { HeldError } from "../held.ts";
import { whoami } from "../host-lock.ts";
import { listProcesses } from "../processes.ts";
import { type Cluster, asked, isStatus, orIfMissing } from "./client.ts";

const NAME = "tristack-release";
/** How long a lease lasts that nobody renews: its command was killed, or its machine lost the network. */
const LASTS_SECONDS = 60;
const RENEWED_SECONDS = 15;

/** Runs `work` while holding the stack. Before its namespace exists there is nothing to hold: the backend's lock remains. */
export async function holdingNamespace<T>(
  cluster: Cluster,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const holder = `${what} by ${whoami()} (pid ${process.pid}) since ${new Date().toISOString()}`;
  if (!(await orIfMissing(cluster.core.readNamespace({ name: cluster.namespace })))) return work();
  await take(cluster, holder);
  const timer = setInterval(() => void renew(cluster, holder), RENEWED_SECONDS * 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await release(cluster, holder);
  }
}

/** Who holds the stack, and what for; undefined when nobody does. */
export async function leaseHolder(cluster: Cluster): Promise<string | undefined> {
  const lease = await read(cluster);
  return lease && !(await isOver(lease)) ? lease.spec?.holderIdentity : undefined;
}

async function take(cluster: Cluster, holder: string): Promise<void> {
  const { coordination, namespace, owner } = cluster;
  const now = new V1MicroTime();
  const spec = {
    holderIdentity: holder,
    leaseDurationSeconds: LASTS_SECONDS,
    acquireTime: now,
    renewTime: now,
  };
  const old = await read(cluster);
  if (old && !(await isOver(old))) throw heldError(cluster, old);
  const metadata = { name: NAME, labels: labelsOf(owner, "release") };
  try {
    // Both fail where somebody else was quicker.
    if (!old) await coordination.createNamespacedLease({ namespace, body: { metadata, spec } });
    else {
      const { resourceVersion } = old.metadata ?? {};
      const body = { metadata: { ...metadata, resourceVersion }, spec };
      await coordination.replaceNamespacedLease({ name: NAME, namespace, body });
    }
  } catch (error) {
    if (!isStatus(error, 409)) return asked(Promise.reject(error as Error));
    throw heldError(cluster, await read(cluster));
  }
}

/** A renewal that fails says nothing about the release: there are more to come. */
async function renew(cluster: Cluster, holder: string): Promise<void> {
  const lease = await read(cluster).catch(() => undefined);
  if (lease?.spec?.holderIdentity !== holder) return;
  const spec = { ...lease.spec, renewTime: new V1MicroTime() };
  const { coordination, namespace } = cluster;
  await coordination
    .replaceNamespacedLease({ name: NAME, namespace, body: { ...lease, spec } })
    .catch(() => undefined);
}

async function release(cluster: Cluster, holder: string): Promise<void> {
  const { coordination, namespace } = cluster;
  const lease = await read(cluster).catch(() => undefined);
  if (lease?.spec?.holderIdentity !== holder) return;
  // Left behind it is over by itself.
  await coordination.deleteNamespacedLease({ name: NAME, namespace }).catch(() => undefined);
}

function read({ coordination, namespace }: Cluster): Promise<V1Lease | undefined> {
  return orIfMissing(coordination.readNamespacedLease({ name: NAME, namespace }));
}

/** Not renewed in time, or of a command of this machine that is gone. */
async function isOver({ spec }: V1Lease): Promise<boolean> {
  const { holderIdentity = "", renewTime } = spec ?? {};
  if (!renewTime || Date.now() - new Date(renewTime).getTime() > LASTS_SECONDS * 1000) return true;
  const [, who, pid] = / by (\S+) \(pid (\d+)\)/.exec(holderIdentity) ?? [];
  if (who !== whoami()) return false;
  return !(await listProcesses()).some((one) => one.pid === Number(pid));
}

function heldError({ owner }: Cluster, lease: V1Lease | undefined): Error {
  const by = lease?.spec?.holderIdentity ?? "another command";
  return new HeldError(
    `The stack ${owner.stack} is held: ${by}. Nothing was changed; wait until it has ended ` +
      `(were it killed: ${LASTS_SECONDS} s).`,
  );
}
