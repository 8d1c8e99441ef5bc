/** Outputs to test with. */
import { type Built, assembleOutputs } from "../../components/outputs.ts";
import { type Config, goodConfig, vpsSettings } from "./settings.ts";

export const BUILT: Built = {
  releaseId: "v1.0.0-0badcafe",
  database: { version: "16", host: "postgres", port: 5432, secretRef: "pulumi:postgres-password" },
  volumes: [{ name: "database", id: "tristack-test-postgres-data" }],
  strategy: "switch",
  cost: { monthlyUsd: null, unpriced: ["the host"] },
};

/** The outputs of the good stack of test/support/settings.ts, with changes to its settings and to what is built. */
export function goodOutputs(change: Config = {}, built: Partial<Built> = {}) {
  return assembleOutputs({
    settings: vpsSettings({ ...goodConfig(), ...change }),
    owner: { project: "tristack", stack: "test" },
    release: { version: "v1.0.0", digests: { web: `sha256:${"0".repeat(64)}` } },
    built: { ...BUILT, ...built },
  });
}
