/** Stack files to test with. */
import { type SettingsContext, type VpsSettings, parseSettings } from "../../components/settings.ts";
import { type Path, problemLine, valueAt } from "../../components/shared/problems.ts";

export type Config = Record<string, unknown>;

export const CONTEXT: SettingsContext = {
  project: "tristack",
  stack: "test",
  secretKeys: new Set(["secrets"]),
};

/** A stack that is right, with something of everything: web, api and a worker. */
export function goodConfig(): Config {
  return {
    target: "vps",
    environment: { kind: "production" },
    domain: "shop.example.com",
    release: { version: "v1.0.0", commit: "0123abc", digests: { web: `sha256:${"0".repeat(64)}` } },
    services: {
      web: {
        image: "ghcr.io/org/web",
        port: 3000,
        routes: ["/"],
        environment: { API_URL: "https://x.example" },
      },
      api: {
        image: "ghcr.io/org/api",
        port: 8000,
        routes: ["/api", "/docs"],
        uses: ["database", "cache"],
        secrets: ["API_KEY"],
        migrate: ["alembic", "upgrade", "head"],
        metrics: "/metrics",
        writable: ["/app/cache"],
      },
      mailer: { image: "ghcr.io/org/mailer", health: { command: ["true"] }, command: ["node", "mailer.js"] },
    },
    certificates: { issuer: "letsencrypt", email: "ops@example.com" },
    host: { docker: "ssh://deploy@203.0.113.10", sshOptions: ["-o", "Port=2222"] },
    registries: ["ghcr.io"],
    secrets: { API_KEY: "s3cret-marker" },
  };
}

/** As Pulumi hands config over: text as it is, all else as JSON. */
export function rawConfig(config: Config): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

/** A copy with one value set, or removed where `value` is undefined. */
export function changed(config: Config, path: Path, value: unknown): Config {
  const copy = structuredClone(config);
  const holder = valueAt(copy, path.slice(0, -1));
  const last = path.at(-1);
  if (typeof holder !== "object" || holder === null || last === undefined) {
    throw new Error(`nothing at ${path.slice(0, -1).join(".")}`);
  }
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else Reflect.set(holder, last, value);
  return copy;
}

/** The settings of a config that must be right. */
export function vpsSettings(config: Config): VpsSettings {
  return vpsSettingsOf(rawConfig(config));
}

/** As `vpsSettings`, of config as Pulumi hands it over. */
export function vpsSettingsOf(raw: Record<string, string>): VpsSettings {
  const result = parseSettings(raw, CONTEXT);
  if ("problems" in result) throw new Error(result.problems.map(problemLine).join("\n"));
  if (result.settings.target !== "vps") throw new Error(`the target is ${result.settings.target}`);
  return result.settings;
}

/** The problems of a config, as lines; none where it is right. */
export function problemLines(config: Config, context: SettingsContext = CONTEXT): string[] {
  const result = parseSettings(rawConfig(config), context);
  return "problems" in result ? result.problems.map(problemLine) : [];
}
