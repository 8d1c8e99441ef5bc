/** The certificate that the router serves, and what cert-manager says of it. */
import { X509Certificate } from "node:crypto";
import type { KubernetesObject } from "@kubernetes/client-node";
import { CERTIFICATE } from "../../components/kubernetes/certificate-secret.ts";
import type { Outputs } from "../../components/outputs.ts";
import type { Cluster } from "./client.ts";
import { isTrue, toTheSecond } from "./conditions.ts";

type Recorded = NonNullable<NonNullable<Outputs["status"]>["certificate"]>;

interface Condition {
  type: string;
  status: string;
  message?: string;
  lastTransitionTime?: string;
}

interface Asked extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** Undefined where there is none yet, or whoever asks may not read it. */
export async function certificateRecord(cluster: Cluster): Promise<Recorded | undefined> {
  const { core, objects, namespace } = cluster;
  const metadata = { name: CERTIFICATE, namespace };
  const secret = await core.readNamespacedSecret({ name: CERTIFICATE, namespace }).catch(() => undefined);
  const pem = secret?.data?.["tls.crt"];
  if (secret === undefined || pem === undefined) return undefined;
  const kind = { apiVersion: "cert-manager.io/v1", kind: "Certificate", metadata };
  // Without cert-manager the cluster knows no such kind.
  const asked = await objects.read<Asked & { metadata: typeof metadata }>(kind).catch(() => undefined);
  return recordOf(
    Buffer.from(pem, "base64").toString(),
    secret.metadata?.creationTimestamp ?? new Date(),
    asked?.status?.conditions,
  );
}

/**
 * @param pem certificate, and its chain
 * @param since when it was put there, where nobody was asked for it
 * @param conditions of cert-manager's Certificate; undefined where there is none
 */
export function recordOf(pem: string, since: Date, conditions?: readonly Condition[]): Recorded {
  const { serialNumber, issuer, validTo } = new X509Certificate(pem);
  const of = (type: string) => conditions?.find((one) => one.type === type);
  const ready = of("Ready");
  const passed = conditions === undefined || isTrue(conditions, "Ready");
  return {
    at: toTheSecond(new Date(ready?.lastTransitionTime ?? since)),
    passed,
    reason: passed ? null : (of("Issuing")?.message ?? ready?.message ?? "cert-manager has not answered yet"),
    notAfter: toTheSecond(new Date(validTo)),
    serial: serialNumber,
    issuer: issuer.split("\n").join(", "),
  };
}
