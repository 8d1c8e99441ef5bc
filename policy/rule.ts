/** What a rule is: a sentence about resources, with the public ids that it is known by elsewhere. */

/** A resource as rules see it: with the engine's defaults where an engine runs. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly props: Props;
  /** Whether Pulumi refuses to delete it. */
  readonly protect: boolean;
  /** Properties whose changes Pulumi leaves alone. */
  readonly ignoreChanges: readonly string[];
  /** Resources of the stack that the property's value comes from. */
  refersTo(property: string): readonly Resource[];
}

export type Props = Readonly<Record<string, unknown>>;

/** What the stack is for; undefined where nobody says. */
export type Kind = "local" | "staging" | "production" | "preview" | undefined;

interface Common {
  /** Name in reports, such as `rds-encrypted`. */
  readonly name: string;
  /** Number in section 2 of anchors/aws-ci.md, or that of a table of traps. */
  readonly number: number;
  /** Of AWS' Foundational Security Best Practices and of Checkov, or `own`. */
  readonly ids: readonly string[];
  /** What has to hold, as a sentence. */
  readonly meaning: string;
  /** Whether a breach stops the update (the default), or is only told. */
  readonly advisory?: boolean;
  /** Kinds of environment that it is for. @default all */
  readonly kinds?: readonly Kind[];
}

/** About one resource by itself: stops the update before that one is made. */
export interface ResourceRule extends Common {
  readonly types: readonly string[];
  /** Whether it is kept. */
  holds(props: Props, type: string): boolean;
}

/** About resources together. */
export interface StackRule extends Common {
  /** Those that break it. */
  breaches(all: readonly Resource[], kind: Kind): readonly Resource[];
}

export type Rule = ResourceRule | StackRule;

export function isResourceRule(rule: Rule): rule is ResourceRule {
  return "holds" in rule;
}

/** `kinds` of a rule that is for production alone. */
export const PRODUCTION = ["production"] as const;

/** What makes rules about resources of one type, whose names begin alike. */
export function rulesAbout(type: string, prefix: string) {
  return (
    number: number,
    name: string,
    ids: readonly string[],
    meaning: string,
    holds: ResourceRule["holds"],
    more: Pick<ResourceRule, "advisory" | "kinds"> = {},
  ): ResourceRule => ({ number, name: `${prefix}-${name}`, ids, meaning, types: [type], holds, ...more });
}

/** All breaches of a rule. */
export function breachesOf(rule: Rule, all: readonly Resource[], kind: Kind): readonly Resource[] {
  if (rule.kinds && !rule.kinds.includes(kind)) return [];
  if (!isResourceRule(rule)) return rule.breaches(all, kind);
  return all.filter(({ type, props }) => rule.types.includes(type) && !rule.holds(props, type));
}

/** The value at a path into properties; undefined where there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[part] : undefined,
    value,
  );
}

/** A list, or nothing where it is none. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** Text, or "" where it is none. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

export function ofType(all: readonly Resource[], type: string): readonly Resource[] {
  return all.filter((one) => one.type === type);
}

/** Rule: each resource of a type has another that is about it, such as a bucket its policy. */
export function accompanied(
  of: string,
  by: { readonly type: string; readonly property: string; readonly holds?: (props: Props) => boolean },
): StackRule["breaches"] {
  return (all) => {
    const good = ofType(all, by.type).filter(({ props }) => by.holds?.(props) ?? true);
    return ofType(all, of).filter((one) => !good.some((other) => other.refersTo(by.property).includes(one)));
  };
}
