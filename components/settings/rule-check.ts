/**
 * Runs the rules, also over settings that are wrong in places: what is wrong is taken out first, and breaches that
 * may be no more than its consequence are left out, so that everything is reported at once and nothing twice.
 */
import { awsRules } from "./aws-rules.ts";
import { awsSharedRules } from "./aws-shared-rules.ts";
import { certificateRules } from "./certificate-rules.ts";
import { clusterStackRules } from "./cluster-stack-rules.ts";
import { kubernetesRules } from "./kubernetes-rules.ts";
import { machineRules } from "./machine-rules.ts";
import { monitoringRules } from "./monitoring-rules.ts";
import { clusterOnlyRule, noLambdaRule, registriesRule, serviceRules } from "./service-rules.ts";
import {
  ANY,
  type Pattern,
  type Rule,
  SAME,
  applicationRules,
  selfHostedRules,
  stackRules,
} from "./rules.ts";
import { settingsSchema } from "./bounds.ts";
import { webRules } from "./web-rules.ts";
import { type Finding, type Path, valueAt } from "../shared/problems.ts";

const vpsRules = [
  ...applicationRules,
  ...selfHostedRules,
  ...stackRules,
  ...certificateRules,
  ...monitoringRules,
  ...serviceRules,
  registriesRule,
  clusterOnlyRule,
  noLambdaRule,
];
const clusterRules = [
  ...applicationRules,
  ...selfHostedRules,
  ...kubernetesRules,
  ...serviceRules,
  noLambdaRule,
];
const awsTargetRules = [...applicationRules, ...awsRules, ...awsSharedRules, ...webRules, ...serviceRules];

/** Sentences of all rules, each once. */
export const ruleMeanings: readonly string[] = [
  ...new Set(
    [...vpsRules, ...clusterRules, ...awsTargetRules, ...machineRules, ...clusterStackRules].map(
      ({ meaning }) => meaning,
    ),
  ),
];

/**
 * Breaches of the rules.
 * @param wrong What the schema has found.
 */
export function breaches(input: Record<string, unknown>, wrong: readonly Finding[]): Finding[] {
  const repaired = repair(input, wrong);
  if (repaired === undefined) return [];
  const { settings, spoilt } = repaired;
  if (settings.target === "vps") return breachesOf(vpsRules, settings, spoilt);
  if (settings.target === "kubernetes") return breachesOf(clusterRules, settings, spoilt);
  if (settings.target === "aws") return breachesOf(awsTargetRules, settings, spoilt);
  // Nothing there has to go with anything else.
  if (settings.target === "account") return [];
  if (settings.target === "cluster") return breachesOf(clusterStackRules, settings, spoilt);
  return breachesOf(machineRules, settings, spoilt);
}

function breachesOf<S>(rules: readonly Rule<S>[], settings: S, spoilt: readonly Path[]): Finding[] {
  return rules.flatMap((rule) =>
    [...rule.check(settings)].filter(
      ({ path }) =>
        !rule.reliesOn.some((pattern) => spoilt.some((place) => touches(bound(pattern, path), place))),
    ),
  );
}

/** A pattern about the service, or whatever else, that the breach is in. */
function bound(pattern: Pattern, breach: Path): Pattern {
  return pattern.map((part, depth) => (part === SAME ? String(breach[depth]) : part));
}

/** Whether a path leads to what the pattern names, into it, or towards it. */
function touches(pattern: Pattern, path: Path): boolean {
  return pattern.every((part, depth) => depth >= path.length || part === ANY || part === path[depth]);
}

/** What a required setting is taken for while it is missing, so that the rest can be looked at. */
const STAND_INS: readonly { pattern: Pattern; value: unknown }[] = [
  { pattern: ["environment"], value: { kind: "local" } },
  { pattern: ["environment", "expiresAt"], value: "2000-01-01T00:00:00Z" },
  { pattern: ["services"], value: {} },
  { pattern: ["services", ANY, "image"], value: "missing" },
];

/** Taking something out can make its parent wrong, and that one's parent: more rounds than settings are deep. */
const ROUNDS = 10;

/**
 * The settings without what is wrong in them, and every place that this has touched; undefined where nothing can be
 * made of them, as without a target.
 */
function repair(input: Record<string, unknown>, wrong: readonly Finding[]) {
  const spoilt: Path[] = wrong.flatMap(({ path, spoils }) => (spoils ? [path, spoils] : [path]));
  const copy = structuredClone(input);
  let places: Path[] = wrong.map(({ path }) => path);
  for (let round = 0; round < ROUNDS; round++) {
    spoilt.push(...takeOut(copy, places));
    const result = settingsSchema.safeParse(copy);
    if (result.success) return { settings: result.data, spoilt };
    places = result.error.issues.map((issue) => issue.path.filter((part) => typeof part !== "symbol"));
  }
  return undefined;
}

/**
 * Removes values from `copy`; where one is missing, puts its stand-in, or else removes the object that misses it.
 * @returns the objects so removed.
 */
function takeOut(copy: Record<string, unknown>, places: readonly Path[]): Path[] {
  // The last entries of a list first: the numbers of the others stay what they are.
  const lastFirst = [...places].sort((a, b) => Number(b.at(-1)) - Number(a.at(-1)) || 0);
  return lastFirst.flatMap((path) => {
    if (valueAt(copy, path) !== undefined) {
      remove(copy, path);
      return [];
    }
    const standIn = STAND_INS.find(({ pattern }) => pattern.length === path.length && touches(pattern, path));
    const parent = path.slice(0, -1);
    const holder = valueAt(copy, parent);
    if (standIn && typeof holder === "object" && holder !== null) {
      Reflect.set(holder, String(path.at(-1)), structuredClone(standIn.value));
      return [];
    }
    remove(copy, parent);
    return [parent];
  });
}

function remove(copy: Record<string, unknown>, path: Path): void {
  const holder = valueAt(copy, path.slice(0, -1));
  const last = path.at(-1);
  if (last === undefined || typeof holder !== "object" || holder === null) return;
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else Reflect.deleteProperty(holder, last);
}
