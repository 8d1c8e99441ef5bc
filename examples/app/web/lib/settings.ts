/**
 * Everything the web application reads from its environment, at run time: one image serves every environment.
 *
 * A secret NAME may also be given as NAME_FILE, the path of a file that holds it. An empty variable counts as not set.
 * The names are looked up in an object, never written as `process.env.NAME`: Next would replace NEXT_PUBLIC_* in such
 * places by what they were at build time.
 */
import { readFileSync } from "node:fs";

export const FAULTS = ["none", "crash", "never-ready", "errors", "slow", "leak"] as const;
export type Fault = (typeof FAULTS)[number];

/** Meaning and default of each value are in the README's table. */
export interface Settings {
  readonly release: string;
  readonly environment: string;
  /** Where the browser finds the API, without a slash at the end; "" is the page's own origin. */
  readonly apiUrl: string;
  /** Where this server finds the API; undefined where it cannot reach it, and the browser asks instead. */
  readonly apiInternalUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly drainSeconds: number;
  readonly fault: Fault;
  readonly faultErrorPercent: number;
  readonly faultSlowMs: number;
  readonly faultLeakMbPerMinute: number;
  readonly sentryDsn: string | undefined;
  readonly posthogApiKey: string | undefined;
  readonly posthogHost: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Bad settings: `problems` holds one line for each. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? "1 setting is" : `${problems.length} settings are`;
    super(
      `The web application cannot start, ${count} wrong:\n${problems.map((line) => `  ${line}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** Throws a SettingsError with every problem. */
export function readSettings(environment: Environment = process.env): Settings {
  const problems: string[] = [];
  const text = (name: string) => environment[name]?.trim() ?? "";

  function integer(name: string, fallback: number, least: number, most: number): number {
    const value = text(name);
    if (value === "") return fallback;
    if (/^\d+$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    problems.push(`${name}: is "${value}"; needs a whole number from ${least} to ${most}`);
    return fallback;
  }

  function url(name: string, fallback: string): string {
    const value = text(name);
    if (value === "") return fallback;
    if (/^https?:$/.test(URL.parse(value)?.protocol ?? "")) return value.replace(/\/+$/, "");
    problems.push(`${name}: is "${value}"; needs a URL that starts with http:// or https://`);
    return fallback;
  }

  function secret(name: string): string | undefined {
    const [direct, path] = [text(name), text(`${name}_FILE`)];
    if (direct !== "" && path !== "") {
      problems.push(`${name}: ${name}_FILE is set too; needs only one of the two`);
    }
    if (path === "") return direct || undefined;
    try {
      const content = readFileSync(/* turbopackIgnore: true */ path, "utf8").trim();
      if (content !== "") return content;
      problems.push(`${name}_FILE: is "${path}"; needs a file that is not empty`);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
      problems.push(`${name}_FILE: is "${path}"; needs a readable file (${code})`);
    }
    return undefined;
  }

  const fault = FAULTS.find((known) => known === (text("FAULT") || "none"));
  if (fault === undefined) {
    problems.push(`FAULT: is "${text("FAULT")}"; needs one of ${FAULTS.join(", ")}`);
  }
  const settings: Settings = {
    release: text("RELEASE") || "development",
    environment: text("ENVIRONMENT") || "development",
    apiUrl: url("API_URL", url("NEXT_PUBLIC_API_URL", "")),
    apiInternalUrl:
      text("API_INTERNAL_URL") === "none" ? undefined : url("API_INTERNAL_URL", "http://127.0.0.1:8000"),
    host: text("HOST") || "0.0.0.0",
    port: integer("PORT", 3000, 1, 65535),
    drainSeconds: integer("DRAIN_SECONDS", 30, 1, 3600),
    fault: fault ?? "none",
    faultErrorPercent: integer("FAULT_ERROR_PERCENT", 20, 0, 100),
    faultSlowMs: integer("FAULT_SLOW_MS", 2000, 0, 600_000),
    faultLeakMbPerMinute: integer("FAULT_LEAK_MB_PER_MINUTE", 60, 1, 100_000),
    sentryDsn: secret("SENTRY_DSN"),
    posthogApiKey: secret("POSTHOG_API_KEY"),
    posthogHost: url("POSTHOG_HOST", "https://us.i.posthog.com"),
  };
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

let cached: Settings | undefined;

/** The settings of this process. They do not change while it runs. */
export function settings(): Settings {
  cached ??= readSettings();
  return cached;
}
