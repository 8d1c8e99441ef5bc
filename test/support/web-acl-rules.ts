/** The rules of a web ACL in the provider's own words, for who does not read AWS' JSON: `ruleJson` and `rules` mean the same. */
import type { Config } from "./settings.ts";

/** @returns the inputs of a web ACL with `rules` */
export function withRules({ ruleJson, ...inputs }: Config): Config {
  return typeof ruleJson === "string" ? { ...inputs, rules: renamed(JSON.parse(ruleJson)) } : inputs;
}

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [propertyName(key), renamed(inner)]));
}

/** `CloudWatchMetricsEnabled` is `cloudwatchMetricsEnabled`. */
function propertyName(key: string): string {
  const name = key.replace("CloudWatch", "Cloudwatch");
  return name.charAt(0).toLowerCase() + name.slice(1);
}
