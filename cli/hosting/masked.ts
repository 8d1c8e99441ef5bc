/** A text without secrets: what a report says should hold none, and this is looked at once more before it leaves. */
import { readFileSync } from "node:fs";
import { withoutCredentials } from "../../components/shared/problems.ts";
import { MASK } from "../plan/secret.ts";
import type { Variables } from "./environment.ts";

const OWN = "TRISTACK_SECRET_";
/** Names of variables that hold secrets: GITHUB_TOKEN, PULUMI_CONFIG_PASSPHRASE, AWS_SECRET_ACCESS_KEY, SLACK_WEBHOOK. */
const SECRET_NAME =
  /TOKEN|SECRET|PASSW|PASSPHRASE|WEBHOOK|CREDENTIAL|(?:^|_)(?:API|ACCESS|PRIVATE|RECOVERY|SSH)?_?KEY(?:_|$)/i;
/** Shorter ones would mask words that have nothing to do with them. */
const SHORTEST = 8;
const SHORTEST_OWN = 4;

/** The text with every value of a secret variable, in the forms that it is written in, and all that looks like a key, masked. */
export function masked(text: string, env: Variables): string {
  const forms = new Set(secretsIn(env).flatMap(formsOf));
  // The longest first: a secret may hold another one.
  const known = [...forms].sort((a, b) => b.length - a.length);
  const without = known.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
  return withoutCredentials(without, MASK);
}

function secretsIn(env: Variables): string[] {
  return Object.entries(env).flatMap(([name, value = ""]) => {
    if (name.startsWith(OWN)) return value.length >= SHORTEST_OWN ? [value] : [];
    if (!SECRET_NAME.test(name)) return [];
    return [value, ...contentOf(name, value)].filter(({ length }) => length >= SHORTEST);
  });
}

/** Of a variable that names a file, such as PULUMI_CONFIG_PASSPHRASE_FILE. */
function contentOf(name: string, value: string): string[] {
  if (!name.endsWith("_FILE")) return [];
  try {
    return [readFileSync(value, "utf8")];
  } catch {
    return [];
  }
}

/** As it is, line by line, in base64, in a URL, in JSON and in HTML. */
function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  const whole = [secret, secret.trim(), JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
  const encoded = [secret, secret.trim()].flatMap((one) =>
    (["base64", "base64url"] as const).map((form) => Buffer.from(one).toString(form).replace(/=+$/, "")),
  );
  const html = secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  // Of several lines, short ones such as a brace say nothing.
  const parts = lines.length > 1 ? lines.filter(({ length }) => length >= SHORTEST) : lines;
  return [...whole, ...encoded, html, ...parts].filter((form) => form.trim() !== "");
}
