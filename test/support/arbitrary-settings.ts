/** Settings at random: right ones, and what can be done to them to make them wrong. */
import fc from "fast-check";
import { settingsSchema } from "../../components/settings/bounds.ts";
import type { Path } from "../../components/shared/problems.ts";
import { type SchemaNode, alternatives, isNode, jsonSchemaOf } from "../../components/shared/schema-tree.ts";
import type { Config } from "./settings.ts";

// The bounds are written down here a second time: these tests are to notice when one is moved by mistake.
const port = fc.integer({ min: 1, max: 65_535 });
const cpu = fc.oneof(
  fc.constantFrom(0.1, 64),
  fc.integer({ min: 1, max: 640 }).map((tenths) => tenths / 10),
);
const memory = fc.oneof(
  fc.integer({ min: 128, max: 524_288 }).map((size) => `${size}MiB`),
  fc.integer({ min: 1, max: 512 }).map((size) => `${size}GiB`),
);
const seconds = (max: number) => fc.integer({ min: 1, max }).map((amount) => `${amount}s`);
const path = fc.stringMatching(/^\/[A-Za-z0-9._~%-]{0,12}$/);
const words = fc.array(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 });
const variable = fc.stringMatching(/^V[A-Z0-9_]{0,8}$/);
const image = fc.stringMatching(/^([a-z0-9]{1,6}\.io\/)?[a-z0-9]{1,8}(\/[a-z0-9]{1,4}[._-][a-z0-9]{1,4})?$/);
const optional = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(shape, { requiredKeys: [] });

const environment = fc.oneof(
  fc.constantFrom("local", "staging", "production").map((kind) => ({ kind })),
  fc.record(
    {
      kind: fc.constant("preview"),
      expiresAt: fc
        .date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
        .map((date) => date.toISOString().replace(/\.\d+/, "")),
      pullRequest: fc.integer({ min: 1, max: 10_000_000 }),
    },
    { requiredKeys: ["kind", "expiresAt"] },
  ),
);

const timing = {
  interval: seconds(600),
  timeout: seconds(300),
  startup: seconds(1800),
  retries: fc.integer({ min: 1, max: 20 }),
};

const anyService = {
  replicas: fc.integer({ min: 1, max: 50 }),
  cpu,
  memory,
  drain: seconds(600),
  uses: fc.subarray(["database", "cache"]),
  environment: fc.dictionary(variable, fc.string({ maxLength: 8 }), { maxKeys: 3 }),
  command: words,
  migrate: words,
  writable: fc.subarray(["/app/cache", "/var/lib/x"]),
  user: fc.constantFrom("1000:1000", "1:1", "4294967:70"),
};

const worker = fc
  .tuple(optional(anyService), optional(timing), words, image)
  .map(([service, health, command, repository]) => ({
    ...service,
    image: repository,
    health: { ...health, command },
  }));

const serving = fc
  .tuple(
    optional({ ...anyService, health: optional({ ...timing, path, command: words }), metrics: path }),
    port,
    image,
  )
  .map(([service, listens, repository]) => ({ ...service, image: repository, port: listens }));

const services = fc
  .tuple(fc.array(serving, { minLength: 1, maxLength: 3 }), fc.array(worker, { maxLength: 2 }))
  .map(([servers, workers]) =>
    Object.fromEntries<Config>([
      ...servers.map((service, index): [string, Config] => [
        `web-${index}`,
        { ...service, routes: index === 0 ? ["/", "/docs"] : [`/${index}`] },
      ]),
      ...workers.map((service, index): [string, Config] => [`worker-${index}`, service]),
    ]),
  );

const parts = optional({
  release: fc.record(
    {
      version: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/),
      commit: fc.stringMatching(/^[0-9a-f]{7,40}$/),
      digests: fc.constantFrom({}, { "web-0": `sha256:${"a".repeat(64)}` }),
    },
    { requiredKeys: ["version"] },
  ),
  database: optional({
    name: fc.stringMatching(/^[a-z][a-z0-9_]{0,10}$/),
    user: fc.constant("app"),
    cpu,
    memory,
  }),
  cache: optional({ cpu, memory }),
  proxy: fc.record(
    {
      httpPort: fc.integer({ min: 1, max: 400 }),
      httpsPort: fc.integer({ min: 401, max: 65_535 }),
      bodyLimit: fc.constantFrom("1MiB", "10GiB"),
      timeout: seconds(3600),
    },
    { requiredKeys: ["httpPort", "httpsPort"] },
  ),
  monitoring: optional({
    interval: seconds(15),
    retention: fc.constantFrom("1h", "30d"),
    memory: fc.constantFrom("128MiB", "64GiB"),
    grafana: optional({ enabled: fc.boolean(), port: fc.integer({ min: 60_000, max: 65_000 }) }),
    alerts: optional({ errorRate: fc.integer({ min: 1, max: 100 }), after: seconds(3600) }),
  }),
  host: fc.constantFrom(
    {},
    { docker: "unix:///var/run/docker.sock" },
    { docker: "ssh://me@host", sshOptions: ["-v"], hostKey: `ssh-ed25519 ${"A".repeat(68)}` },
    {
      docker: "ssh://me@host",
      prepare: { swap: "0MiB", ports: [8443], reboot: true, docker: "distribution" },
    },
  ),
  registries: fc.subarray(["ghcr.io", "registry.example.com:5000"]),
  images: optional({ nginx: fc.constant("nginx:1.28-alpine"), redis: fc.constant("localhost:5000/redis:7") }),
});

/** Settings that are right, with the secrets given. */
export function goodSettings(secrets: Readonly<Record<string, string>> = {}): fc.Arbitrary<Config> {
  return fc.tuple(environment, services, parts).map(([kind, some, rest]) => {
    const [first, ...others] = Object.entries(some);
    const users = first
      ? [[first[0], { ...first[1], secrets: Object.keys(secrets) }] as const, ...others]
      : [];
    return structuredClone({
      ...rest,
      target: "vps",
      environment: kind,
      services: Object.fromEntries(users),
      secrets: { ...secrets },
      ...(kind.kind === "local"
        ? {}
        : { domain: "shop.example.com", certificates: { issuer: "letsencrypt", email: "ops@example.com" } }),
    });
  });
}

/** One place of a config, and a value that is wrong there whatever the rest says. */
export interface Mistake {
  readonly path: Path;
  readonly value: unknown;
}

/** Mistakes that can be made in a config: each setting in it, with values of another kind or out of bounds. */
export function mistakes(config: Config): fc.Arbitrary<Mistake> {
  const root = alternatives(jsonSchemaOf(settingsSchema))[0] ?? {};
  return fc.constantFrom(...placesIn(config, root, [])).chain(({ path, node }) =>
    wrongFor(node)
      // A whole setting left empty counts as left out.
      .filter((value) => value !== null || path.length > 1)
      .map((value) => ({ path, value })),
  );
}

/** Every object in a config that has a fixed set of keys. */
export function objectsWithKnownKeys(config: Config): Path[] {
  const root = alternatives(jsonSchemaOf(settingsSchema))[0] ?? {};
  const inner = placesIn(config, root, []).filter(({ node }) =>
    alternatives(node).some(({ properties }) => properties),
  );
  return [[], ...inner.map(({ path }) => path)];
}

interface Place {
  readonly path: Path;
  readonly node: SchemaNode;
}

function placesIn(value: unknown, node: SchemaNode, path: Path): Place[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]): Place[] => {
    const part = Array.isArray(value) ? Number(key) : key;
    const found = alternatives(node)
      .flatMap((option) => [
        option.properties?.[key] ?? (Array.isArray(value) ? option.items : option.additionalProperties),
      ])
      .find(isNode);
    if (found === undefined) return [];
    const place = { path: [...path, part], node: found };
    return [place, ...placesIn(child, found, place.path)];
  });
}

function wrongFor(node: SchemaNode): fc.Arbitrary<unknown> {
  const { minimum, maximum, type, maxItems } = node;
  if (typeof minimum === "number" && typeof maximum === "number") {
    return fc.oneof(
      fc.double({ min: maximum, minExcluded: true, max: 1e12, noNaN: true }),
      fc.double({ min: -1e12, max: minimum, maxExcluded: true, noNaN: true }),
      fc.constantFrom(null, true, [], {}, String(minimum)),
    );
  }
  if (type === "array" && typeof maxItems === "number") {
    return fc.constantFrom<unknown>(null, 1, "text", {}, Array(maxItems + 1).fill("/x"));
  }
  if (type === "boolean") return fc.constantFrom<unknown>(null, 1, "text", [], {});
  if (type === "string") return fc.constantFrom<unknown>(null, 1, true, [], {}, ["text"]);
  return fc.constantFrom<unknown>(null, 1, false, "text", []);
}
