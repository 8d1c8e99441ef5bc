/** Resources for rules: those of a recorded graph, and made-up ones. */
import { type Kind, type Props, type Resource, type Rule, breachesOf } from "../../policy/rule.ts";
import { rules } from "../../policy/rules.ts";
import { arnOf } from "../../cli/render/answers.ts";
import type { Registered } from "./graph.ts";

/** A made-up resource; `refers` names others of the list by property. */
export interface Made {
  readonly type: string;
  readonly name?: string;
  readonly props?: Props;
  readonly protect?: boolean;
  readonly ignoreChanges?: readonly string[];
  readonly refers?: Readonly<Record<string, string>>;
}

export function resourcesOf(made: readonly Made[]): Resource[] {
  const all: Resource[] = made.map(({ type, name = "it", refers = {}, ...one }) => ({
    type,
    name,
    props: one.props ?? {},
    protect: one.protect ?? false,
    ignoreChanges: one.ignoreChanges ?? [],
    refersTo: (property) => all.filter((other) => other.name === refers[property]),
  }));
  return all;
}

/** Of a graph that was recorded under mocks, where an id is the name with `-id` behind it. */
function resourcesOfGraph(registered: readonly Registered[]): Resource[] {
  const all: Resource[] = registered.map(({ type, name, inputs, protect, ignoreChanges }) => {
    const props = plain(inputs) as Props;
    return {
      type,
      name,
      props,
      protect,
      ignoreChanges,
      refersTo: (property) => {
        const value = JSON.stringify(props[property] ?? "");
        return all.filter((other) =>
          [
            `"${other.name}-id"`,
            `"${other.name}-docker"`,
            `"generated-for-${other.name}"`,
            JSON.stringify(arnOf(other.type, other.name)),
          ].includes(value),
        );
      },
    };
  });
  return all;
}

/** Rules that a recorded graph breaks, each with the resource. */
export function brokenBy(
  registered: readonly Registered[],
  kind: Kind,
  of: readonly Rule[] = rules,
): string[] {
  const all = resourcesOfGraph(registered);
  return of.flatMap((rule) => breachesOf(rule, all, kind).map(({ name }) => `${name}: ${rule.name}`));
}

/** A secret is marked in a graph; to a rule it is its value. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === "secret") return plain(only[1]);
  return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}
