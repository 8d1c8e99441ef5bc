/** The records of a stack on a cluster: a ConfigMap beside it, a file of JSON for each. */
import { PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { RECORDS } from "../../components/kubernetes/records.ts";
import { labelsOf } from "../../components/kubernetes/labels.ts";
import type { RecordStore } from "../carrier.ts";
import { parsedRecord } from "../record-file.ts";
import { backupHistory } from "./backup-history.ts";
import { certificateRecord } from "./certificate-record.ts";
import { type Cluster, asked, isStatus, orIfMissing } from "./client.ts";

/** A ConfigMap holds 1 MiB; the ledger, which grows, gets less than that. */
const LEDGER_BYTES = 600_000;

export class ClusterRecords implements RecordStore {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** One that is no JSON is left out. What others do is known by their own objects: backups, drills, the certificate. */
  async readAll(): Promise<Readonly<Record<string, unknown>>> {
    const { core, namespace } = this.#cluster;
    const [map, backups, certificate] = await Promise.all([
      orIfMissing(core.readNamespacedConfigMap({ name: RECORDS, namespace })),
      backupHistory(this.#cluster),
      certificateRecord(this.#cluster),
    ]);
    const own = Object.fromEntries(
      Object.entries(map?.data ?? {}).flatMap(([file, text]) => parsedRecord(file, text)),
    );
    return { ...own, ...backups.records, ...(certificate ? { certificate } : {}) };
  }

  async write(records: Readonly<Record<string, unknown>>): Promise<void> {
    const { core, namespace, owner } = this.#cluster;
    const data = Object.fromEntries(
      Object.entries(records).map(([name, value]) => [`${name}.json`, JSON.stringify(shortened(value))]),
    );
    try {
      const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
      await core.patchNamespacedConfigMap({ name: RECORDS, namespace, body: { data } }, merge);
    } catch (error) {
      if (!isStatus(error, 404)) return asked(Promise.reject(error as Error));
      const metadata = { name: RECORDS, labels: labelsOf(owner, "records") };
      await asked(core.createNamespacedConfigMap({ namespace, body: { metadata, data } }));
    }
  }
}

/** A list loses its oldest entries, which come first, until it fits. */
function shortened(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  let start = 0;
  while (JSON.stringify(value.slice(start)).length > LEDGER_BYTES) start += 1;
  return value.slice(start);
}
