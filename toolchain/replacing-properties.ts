/** Asks a plugin which properties of a resource make it anew: one is changed, all others are left alone. */
import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../cli/errors.ts";
import type { Shape, Shapes } from "./package-shapes.ts";
import { type PluginProcess, type Properties, type PropertyDiff, isUnknownType } from "./plugin-process.ts";

/** What a plugin gave no answer to. It counts as not replacing. */
export interface Unclear {
  readonly type: string;
  readonly path: string;
  readonly why: string;
}

/**
 * Names from the outermost in. That a property is of an entry in a list is not in it. An empty one at the end: the object
 * replaces by coming or going, and not by what changes in it.
 */
type Path = readonly string[];

/** Objects within objects that are looked into. What is deeper is alike: one property stands for all of it. */
const DEPTH = 3;

/** Values that texts are changed from and to: the first that a plugin takes, and calls different. */
const TEXTS: readonly (readonly [string, string])[] = [
  ["a", "b"],
  ['{"a":"a"}', '{"a":"b"}'],
  ['[{"name":"a","image":"a"}]', '[{"name":"b","image":"a"}]'],
  ["arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/b"],
];

/** Of Kubernetes' objects what no program sets: part of the type, or the cluster's own. */
const NO_INPUT =
  /^(apiVersion|kind|status|metadata\.(clusterName|creationTimestamp|deletion\w+|generat\w+|managedFields|resourceVersion|selfLink|uid))$/;

/** None of what is in it replaces, and a plugin takes minutes to say so of each. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = { "aws:wafv2/webAcl:WebAcl": ["rules"] };

export async function replacingProperties(
  plugin: PluginProcess,
  type: string,
  shapes: Shapes,
  unclear: Unclear[],
): Promise<string[]> {
  const probe = new Probe(plugin, type, unclear);
  const found = await probe.among(shapes, []);
  return found.map((path) => path.join(".")).sort();
}

class Probe {
  readonly #plugin: PluginProcess;
  readonly #type: string;
  readonly #unclear: Unclear[];

  constructor(plugin: PluginProcess, type: string, unclear: Unclear[]) {
    this.#plugin = plugin;
    this.#type = type;
    this.#unclear = unclear;
  }

  async among(shapes: Shapes, above: readonly Step[]): Promise<Path[]> {
    const found: Path[] = [];
    for (const [name, shape] of Object.entries(shapes)) {
      const steps = [...above, { name, shape }];
      if (this.#isAsked(steps)) found.push(...(await this.#within(steps)));
    }
    return found;
  }

  #isAsked(steps: readonly Step[]): boolean {
    const path = pathOf(steps).join(".");
    if (LEFT_OUT[this.#type]?.includes(path)) return false;
    return !this.#type.startsWith("kubernetes:") || !NO_INPUT.test(path);
  }

  async #within(steps: readonly Step[]): Promise<Path[]> {
    const path = pathOf(steps);
    const inner = steps.at(-1)?.shape.properties;
    if (!inner || steps.length >= DEPTH) return (await this.#replaces(leafOf(steps))) ? [path] : [];
    const found = await this.among(inner, steps);
    const direct = found.filter(({ length }) => length === path.length + 1).map((one) => one.at(-1));
    const others = Object.keys(inner).filter((name) => !direct.includes(name));
    if (others.length === 0) return [path];
    return (await this.#appears(steps, others)) ? [...found, [...path, ""]] : found;
  }

  /** Whether an object that was not there replaces, though a change of what is in it does not. */
  async #appears(steps: readonly Step[], among: readonly string[]): Promise<boolean> {
    const inner = steps.at(-1)?.shape.properties ?? {};
    const leaf = among.flatMap((name) =>
      inner[name] && !inner[name].properties ? [{ name, shape: inner[name] }] : [],
    )[0];
    if (!leaf) return false;
    const base = baseOf(this.#type);
    for (const [value] of valuesOf(leaf.shape)) {
      const after = this.#with([...steps, leaf], value);
      const diffs = await this.#own(base, after).catch(() => []);
      if (diffs.some(({ replaces }) => replaces)) return true;
    }
    return false;
  }

  async #replaces(steps: readonly Step[]): Promise<boolean> {
    let why = "no value was called different from another";
    for (const [from, to] of valuesOf(steps.at(-1)?.shape ?? { type: "string" })) {
      try {
        const answer = await this.#changed(steps, from, to);
        if (answer !== undefined) return answer;
      } catch (error) {
        if (isUnknownType(error)) throw error;
        why = messageOf(error);
      }
    }
    this.#unclear.push({ type: this.#type, path: pathOf(steps).join("."), why });
    return false;
  }

  /** Undefined: the plugin sees no difference. */
  async #changed(steps: readonly Step[], from: unknown, to: unknown): Promise<boolean | undefined> {
    const own = await this.#own(this.#with(steps, from), this.#with(steps, to));
    return own.length === 0 ? undefined : own.some(({ replaces }) => replaces);
  }

  /** A plugin also names what a real resource would have and this one has not, whatever changes. */
  async #own(before: Properties, after: Properties): Promise<PropertyDiff[]> {
    const usual = await this.#plugin.diff(this.#type, before, before);
    const diffs = await this.#plugin.diff(this.#type, before, after);
    return diffs.filter((one) => !usual.some((other) => isDeepStrictEqual(one, other)));
  }

  #with(steps: readonly Step[], value: unknown): Properties {
    const nested = steps.reduceRight<unknown>(
      (inner, { name, shape }, index) =>
        index === steps.length - 1
          ? { [name]: inner }
          : { [name]: shape.type.startsWith("array of ") ? [inner] : inner },
      value,
    ) as Properties;
    return merged(baseOf(this.#type), nested);
  }
}

interface Step {
  readonly name: string;
  readonly shape: Shape;
}

function pathOf(steps: readonly Step[]): Path {
  return steps.map(({ name }) => name);
}

/** The nearest property below that holds nothing else. */
function leafOf(...candidates: (readonly Step[])[]): readonly Step[] {
  const leaf = candidates.find((steps) => Object.keys(steps.at(-1)?.shape.properties ?? {}).length === 0);
  if (leaf) return leaf;
  const inner = candidates.flatMap((steps) =>
    Object.entries(steps.at(-1)?.shape.properties ?? {}).map(([name, shape]) => [...steps, { name, shape }]),
  );
  return leafOf(...inner);
}

function valuesOf({ type }: Shape): (readonly [unknown, unknown])[] {
  if (type.startsWith("array of ")) return inside(type, (value) => [value]);
  if (type.startsWith("map of ")) return inside(type, (value) => ({ key: value }));
  if (type === "number") return [[1, 2]];
  if (type === "boolean") return [[false, true]];
  return [...TEXTS];
}

function inside(type: string, wrap: (value: unknown) => unknown): (readonly [unknown, unknown])[] {
  return valuesOf({ type: type.replace(/^(array|map) of /, "") }).map(
    ([from, to]) => [wrap(from), wrap(to)] as const,
  );
}

/** What a resource has to have before its plugin says anything. */
const NEEDED: Readonly<Record<string, Properties>> = {
  "aws:cloudwatch/metricAlarm:MetricAlarm": { statistic: "Sum" },
  "aws:lambda/function:Function": { packageType: "Image", imageUri: "it" },
};

function baseOf(type: string): Properties {
  const [pkg, apiVersion = "", kind] = type.split(":");
  if (pkg !== "kubernetes") return NEEDED[type] ?? {};
  return {
    apiVersion: apiVersion.replace(/^core\//, ""),
    kind,
    metadata: { name: "it", namespace: "there" },
  };
}

function merged(base: Properties, over: Properties): Properties {
  const entries = Object.entries(over).map(([key, value]) => [
    key,
    isObject(base[key]) && isObject(value) ? merged(base[key], value) : value,
  ]);
  return { ...base, ...(Object.fromEntries(entries) as Properties) };
}

function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
