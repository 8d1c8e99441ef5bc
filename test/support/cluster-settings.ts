/** Settings of a cluster alone, to test with. */
import type { Config } from "./settings.ts";

export function goodCluster(): Config {
  return {
    target: "cluster",
    environment: { kind: "production" },
    cluster: {
      region: "eu-central-1",
      apiFrom: ["198.51.100.7/32"],
      administrators: ["arn:aws:iam::123456789012:role/ci/deploy"],
      nat: "per-zone",
    },
  };
}
