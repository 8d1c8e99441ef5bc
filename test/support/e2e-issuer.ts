/** A ClusterIssuer of cert-manager's that asks a test's own ACME server. */
import assert from "node:assert/strict";
import { kubectl } from "../../toolchain/cluster/kubectl.ts";
import type { Pebble } from "./e2e-pebble.ts";
import { until } from "./e2e-until.ts";

const PATIENCE_SECONDS = 90;

/** As docs/kubernetes.md says it for Let's Encrypt. Returns when it has its account. */
export async function makeIssuer(name: string, pebble: Pebble): Promise<void> {
  const issuer = {
    apiVersion: "cert-manager.io/v1",
    kind: "ClusterIssuer",
    metadata: { name },
    spec: {
      acme: {
        server: pebble.directory,
        caBundle: Buffer.from(pebble.authority).toString("base64"),
        privateKeySecretRef: { name: `${name}-account` },
        // cert-manager takes the Gateway whose certificate it is.
        solvers: [{ http01: { gatewayHTTPRoute: { parentRefs: [] } } }],
      },
    },
  };
  const { failed, stderr } = await kubectl(["apply", "--filename", "-"], JSON.stringify(issuer));
  assert.ok(!failed, stderr);
  await until(PATIENCE_SECONDS, "the issuer has an account", async () => {
    const ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
    return (await kubectl(["get", "clusterissuer", name, `--output=${ready}`])).stdout === "True";
  });
}

export async function removeIssuer(name: string): Promise<void> {
  await kubectl(["delete", "clusterissuer", name, "--ignore-not-found"]);
}
