/** What is paid for by use, as far as the settings say how much is expected. */
import type { Settings } from "./settings.ts";
import type { Usage } from "./shared/cost.ts";

export function usageOf(settings: Settings): Usage {
  if (settings.target !== "cluster") return {};
  const { instanceTypes, expected } = settings.cluster.nodes;
  return { nodes: { instanceType: instanceTypes[0] ?? "", count: expected } };
}

/** What carries a stack, and is not made by it: paid for, and not known to the estimate. */
export const PAID_ELSEWHERE: Readonly<Record<Settings["target"], readonly string[]>> = {
  vps: ["host"],
  kubernetes: ["cluster"],
  aws: [],
  host: [],
  cluster: [],
  account: [],
};

/** The same of one stack: what it uses of another one is in the estimate of that. */
export function paidElsewhere(settings: Settings): readonly string[] {
  const { shared } = settings.target === "aws" ? settings : {};
  return shared ? [`network and database instance of ${shared.stack}`] : PAID_ELSEWHERE[settings.target];
}
