/** What the settings of a cluster alone must be together. */
import type { ClusterSettings } from "../settings.ts";
import { architectureOf } from "../shared/instance-types.ts";
import type { Rule } from "./rules.ts";

export const clusterStackRules: readonly Rule<ClusterSettings>[] = [
  {
    meaning:
      "`cluster.nodes.instanceTypes` are of one kind of processor: an image of the other one does not start.",
    reliesOn: [["cluster", "nodes"]],
    *check({ cluster }) {
      const { instanceTypes } = cluster.nodes;
      const first = architectureOf(instanceTypes[0] ?? "");
      for (const [index, type] of instanceTypes.entries())
        if (architectureOf(type) !== first)
          yield {
            path: ["cluster", "nodes", "instanceTypes", index],
            need: `a type of ${first}, as ${instanceTypes[0] ?? ""} is`,
          };
    },
  },
  {
    meaning:
      "In production `cluster.nat` is `per-zone`: the loss of a zone is not one of the whole application.",
    reliesOn: [["cluster"], ["environment", "kind"]],
    *check({ cluster: { nat }, environment: { kind } }) {
      if (kind === "production" && nat === "one")
        yield { path: ["cluster", "nat"], need: "per-zone, since the environment is production" };
    },
  },
];
