/**
 * The kinds of value that settings are made of: a whole number in bounds, a size, a duration, … Each carries ONE
 * sentence that says what it needs, so that a wrong value is answered the same way whether its type, its form or its
 * size is wrong. The bounds themselves stand in bounds.ts.
 */
import { z } from "zod";
import { SCHEDULE_PATTERN, isSchedule } from "../shared/schedule.ts";
import { DURATION_PATTERN, SIZE_PATTERN, mebibytes, seconds } from "../shared/units.ts";

/** A host name in lower case. */
export const HOST_NAME =
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** The same, or a wildcard in front of one. */
export const WILDCARD_OR_HOST = new RegExp(
  HOST_NAME.source.replace("^(?=.{1,253}$)", "^(?=.{1,253}$)(\\*\\.)?"),
);

/** Puts the sentence into the JSON Schema too, where editors show it and docs/configuration.md takes it from. */
function needing<T extends z.ZodType>(schema: T, need: string): T {
  return schema.meta({ errorMessage: need });
}

/** A whole number in bounds, both included. */
export function wholeNumber(min: number, max: number) {
  const need = `a whole number from ${min} to ${max}`;
  return needing(z.number(need).int(need).min(min, need).max(max, need), need);
}

/** A number in bounds, both included; halves of a CPU and the like. */
export function amount(min: number, max: number, unit: string) {
  const need = `a number of ${unit} from ${min} to ${max}`;
  return needing(z.number(need).min(min, need).max(max, need), need);
}

/** Text of a given form. `need` is the end of the sentence "needs …". */
export function text(pattern: RegExp, need: string) {
  return needing(z.string(need).regex(pattern, need), need);
}

/** Any text but an empty one. */
export function anyText(need: string) {
  return needing(z.string(need).min(1, need), need);
}

/** A name of environment variables and secrets. */
export function variableName() {
  return text(/^[A-Z][A-Z0-9_]{0,63}$/, "a name of capitals, digits and _, such as API_URL");
}

/** A secret, by its name under `secrets`. `what` is its meaning. */
export function secretName(what: string) {
  return variableName().describe(`${what}: its name under \`secrets\`.`);
}

/** Another stack, by its name and, where that differs, its project and organization. */
export function otherStack(example: string) {
  return text(
    /^([\w.-]+\/){0,2}[\w.-]+$/,
    `a stack such as ${example}, or platform/${example} of another project, or organization/platform/${example}`,
  );
}

/** A size such as `512MiB` or `2GiB`, in bounds. */
export function size(min: string, max: string) {
  const need = `a size such as 512MiB or 2GiB, from ${min} to ${max}`;
  const inBounds = (value: string) =>
    mebibytes(value) >= mebibytes(min) && mebibytes(value) <= mebibytes(max);
  return text(SIZE_PATTERN, need).refine((value) => !SIZE_PATTERN.test(value) || inBounds(value), need);
}

/** A duration such as `30s`, `5m`, `12h` or `7d`, in bounds. */
export function duration(min: string, max: string) {
  const need = `a duration such as 30s, 5m or 12h, from ${min} to ${max}`;
  const inBounds = (value: string) => seconds(value) >= seconds(min) && seconds(value) <= seconds(max);
  return text(DURATION_PATTERN, need).refine(
    (value) => !DURATION_PATTERN.test(value) || inBounds(value),
    need,
  );
}

// The second form is what Pulumi makes of a time that is not quoted in YAML.
const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z| \+0000 UTC)$/;

/** A moment in UTC, to the second; parsed to the form `2026-12-01T00:00:00Z`. */
export function time() {
  const need = "a time in UTC, such as 2026-12-01T00:00:00Z";
  const exists = (value: string) => {
    const moment = new Date(normalTime(value));
    // Date takes February 30 for March 2.
    return !Number.isNaN(moment.valueOf()) && moment.toISOString().startsWith(value.slice(0, 10));
  };
  return text(TIME, need)
    .refine((value) => !TIME.test(value) || exists(value), need)
    .transform(normalTime);
}

function normalTime(value: string): string {
  return value.replace(TIME, "$1T$2Z");
}

/** Five fields of cron: minute, hour, day of the month, month, day of the week. */
export function schedule() {
  const need = "five fields of cron in UTC, such as 0 3 * * *";
  return text(SCHEDULE_PATTERN, need).refine(
    (value) => !SCHEDULE_PATTERN.test(value) || isSchedule(value),
    need,
  );
}

/** One of a few words. */
export function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  const need = `one of: ${words.join(", ")}`;
  return needing(z.enum(words, need), need);
}

/** A list; each entry is checked by `entry`. `what` names the entries, in the plural. */
export function list<T extends z.ZodType>(entry: T, min: number, max: number, what: string) {
  const need = min > 0 ? `a list of ${min} to ${max} ${what}` : `a list of at most ${max} ${what}`;
  const upTo = z.array(entry, need).max(max, need);
  return needing(min > 0 ? upTo.min(min, need) : upTo, need);
}

/** A name of Kubernetes', by RFC 1123. */
export const objectName = (what: string) =>
  text(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    `a name of ${what}: lower-case letters, digits and -, at most 63`,
  );

const NETWORK = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\/(?:3[0-2]|[12]?\d)$/;

/** Networks of IPv4 that something is open to. */
export function networks() {
  return list(
    text(NETWORK, "a network such as 198.51.100.7/32"),
    1,
    50,
    "networks, such as [198.51.100.7/32]",
  );
}

export function awsRegion() {
  return text(/^[a-z]{2}(-[a-z]+)+-\d$/, "a region of AWS, such as eu-central-1");
}

/** A type of machine of EC2. */
export function instanceType(example: string) {
  return text(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, `an EC2 instance type, such as ${example}`);
}

/** A map from names to values; `what` is the end of the sentence "needs an object of …". */
export function map<T extends z.ZodType>(name: z.ZodString, value: T, what: string) {
  const need = `an object of ${what}`;
  return needing(z.record(name, value, need), need);
}

/** An object with known keys only: Pulumi itself lets a misspelt key pass. */
export function object<T extends z.ZodRawShape>(shape: T) {
  const need = `an object of: ${Object.keys(shape).join(", ")}`;
  // Unknown keys are an issue of their own, which problems.ts puts into words.
  const error = (issue: { code?: string }) => (issue.code === "invalid_type" ? need : undefined);
  return needing(z.strictObject(shape, { error }), need);
}

/** One of several objects, told apart by the word that each has under `key`. */
export function choice<
  const K extends string,
  const T extends readonly [
    z.ZodObject<Record<K, z.ZodLiteral<string>>>,
    ...z.ZodObject<Record<K, z.ZodLiteral<string>>>[],
  ],
>(key: K, options: T) {
  const words = options.map((option) => option.shape[key].value).join(", ");
  const need = `an object whose ${key} is one of: ${words}`;
  // Not an object at all, or an object with another word under `key`.
  const error = (issue: { code?: string }) => (issue.code === "invalid_type" ? need : `one of: ${words}`);
  return needing(z.discriminatedUnion(key, options, { error }), need);
}
