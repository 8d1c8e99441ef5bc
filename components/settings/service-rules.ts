/** Rules about services: their routes, health, secrets and variables. */
import { ANY, type Pattern, type Rule, SAME } from "./rules.ts";
import { GIVEN_BY_USE, HEALTH_PATH } from "./application.ts";
import type { ApplicationSettings, SelfHostedSettings, Service, VpsSettings } from "../settings.ts";
import { type Finding, type Path, holdsCredentials } from "../shared/problems.ts";

/** Names of the stack's own parts. */
const OWN_PARTS = [
  "assets",
  "backup",
  "cache",
  "certificates",
  "database",
  "lock",
  "migration",
  "monitoring",
  "network",
  "nginx",
  "postgres",
  "proxy",
  "records",
  "redis",
  "switch",
];

/** Variables that the stack sets itself. */
const OWN_VARIABLES = ["RELEASE", ...Object.values(GIVEN_BY_USE).flatMap((name) => [name, `${name}_FILE`])];

const CHALLENGE = "/.well-known/acme-challenge";

const routeRules: readonly Rule<ApplicationSettings>[] = [
  {
    meaning: "One service has the route `/`, unless the web is on Vercel.",
    reliesOn: [["services", ANY, "routes"], ["web"]],
    *check(settings) {
      const { services } = settings;
      const elsewhere = settings.target === "aws" && settings.web !== undefined;
      if (elsewhere || Object.values(services).some(({ routes }) => routes.includes("/"))) return;
      yield { path: ["services"], is: "without the route /", need: "one service with / in its routes" };
    },
  },
  {
    meaning: "A route belongs to one service; `/api` and `/api/` are the same.",
    reliesOn: [["services", ANY, "routes"]],
    *check({ services }) {
      const owners = new Map<string, string>();
      for (const { name, route, path } of routesOf(services)) {
        const owner = owners.get(route);
        if (owner === undefined) owners.set(route, name);
        else if (owner === name) yield { path, need: "to be listed once" };
        else yield { path, need: `another path, since it belongs to ${owner}` };
      }
    },
  },
  {
    meaning: `No route lies under \`${CHALLENGE}\`, where the proxy proves that the domain is its own.`,
    reliesOn: [["services", ANY, "routes"]],
    *check({ services }) {
      for (const { route, path } of routesOf(services)) {
        if (`${route}/`.startsWith(`${CHALLENGE}/`))
          yield { path, need: `a path that is not under ${CHALLENGE}` };
      }
    },
  },
  perService("A service with routes has a `port`.", ["port"], function* (service) {
    if (service.port !== undefined || service.routes.length === 0) return;
    yield { path: ["port"], need: "the port that the service listens on, since it has routes" };
  }),
  perService("`metrics` and `health.path` go with a `port`.", ["port"], function* (service) {
    if (service.port !== undefined) return;
    const need = "to be removed, or a port beside it";
    if (service.metrics !== undefined) yield { path: ["metrics"], need };
    if (service.health.path !== HEALTH_PATH) yield { path: ["health", "path"], need };
  }),
  perService(
    "A worker, which has neither port nor routes, has a `health.command`.",
    ["routes", "health", "port"],
    function* (service) {
      if (service.port !== undefined || service.routes.length > 0 || service.health.command !== undefined)
        return;
      const need = "a command that exits 0 while the service is healthy, since it has no port";
      yield { path: ["health", "command"], need };
    },
  ),
];

const valueRules: readonly Rule<ApplicationSettings>[] = [
  {
    meaning: `No service is named as a part of the stack: ${OWN_PARTS.join(", ")}.`,
    reliesOn: [],
    *check({ services }) {
      for (const name of Object.keys(services).filter((name) => OWN_PARTS.includes(name))) {
        yield { path: ["services", name], is: "the name of a part of the stack", need: "another name" };
      }
    },
  },
  {
    meaning: "What a service lists in its `secrets` stands under `secrets`.",
    reliesOn: [["secrets"], ["services", SAME, "secrets"], ["services", SAME, "uses"]],
    *check({ services, secrets }) {
      for (const [name, service] of Object.entries(services)) {
        for (const [index, secret] of service.secrets.entries()) {
          if (Object.hasOwn(secrets, secret) || givenByUse(service).includes(secret)) continue;
          const need = `a name under secrets: pulumi config set --secret --path 'secrets.${secret}'`;
          yield { path: ["services", name, "secrets", index], need };
        }
      }
    },
  },
  perService("What `uses` gives is not listed in `secrets`.", ["secrets"], function* (service) {
    for (const [index, secret] of service.secrets.entries()) {
      if (givenByUse(service).includes(secret))
        yield { path: ["secrets", index], need: "to be removed: uses gives it" };
    }
  }),
  perService("A name is in `environment` or in `secrets`, not in both.", [], function* (service) {
    for (const variable of Object.keys(service.environment)) {
      const path = ["environment", variable];
      const secret = service.secrets.find((name) => name === variable || `${name}_FILE` === variable);
      if (secret === variable)
        yield { path, is: "among the secrets too", need: "to be removed from one of them" };
      else if (secret) yield { path, is: `where the secret ${secret} has its file`, need: "another name" };
    }
  }),
  perService(`These variables are set by the stack: ${OWN_VARIABLES.join(", ")}.`, [], function* (service) {
    for (const variable of Object.keys(service.environment).filter((name) => OWN_VARIABLES.includes(name))) {
      yield { path: ["environment", variable], is: "set by the stack", need: "to be removed" };
    }
  }),
  perService(
    "Passwords and keys are secrets: not in `environment`, and not in a command, which every process can read.",
    [],
    function* (service) {
      const texts: [Path, string][] = [
        ...Object.entries(service.environment).map(([name, value]): [Path, string] => [
          ["environment", name],
          value,
        ]),
        ...words(["command"], service.command),
        ...words(["migrate"], service.migrate),
        ...words(["health", "command"], service.health.command),
      ];
      for (const [path] of texts.filter(([, value]) => holdsCredentials(value))) {
        yield { path, is: "a text with a password or key in it", need: "to be a secret" };
      }
    },
  ),
  perService(
    "`writable` leaves out `/tmp`, which always is, and the secrets' folder.",
    ["writable"],
    function* (service) {
      for (const [index, folder] of service.writable.entries()) {
        if (["/tmp", "/run", "/run/secrets"].includes(folder)) {
          yield { path: ["writable", index], need: "a path other than /tmp, /run and /run/secrets" };
        }
      }
    },
  ),
  ...(["routes", "uses", "secrets", "writable"] as const).map((key) =>
    listedOnce<ApplicationSettings>(
      ({ services }) =>
        Object.entries(services).map(([name, service]) => [["services", name, key], service[key]]),
      [["services", SAME, key]],
    ),
  ),
];

export const serviceRules: readonly Rule<ApplicationSettings>[] = [...routeRules, ...valueRules];

/** A rule about each service by itself; its paths start inside of the service. */
function perService(
  meaning: string,
  reliesOn: readonly string[],
  check: (service: Service) => Iterable<Finding>,
): Rule {
  return {
    meaning,
    reliesOn: reliesOn.map((key) => ["services", SAME, key]),
    *check({ services }) {
      for (const [name, service] of Object.entries(services)) {
        for (const finding of check(service)) yield { ...finding, path: ["services", name, ...finding.path] };
      }
    },
  };
}

export function listedOnce<S>(
  lists: (settings: S) => [Path, readonly string[]][],
  reliesOn: readonly Pattern[],
): Rule<S> {
  return {
    meaning: "A list names nothing twice.",
    reliesOn,
    *check(settings) {
      for (const [path, list] of lists(settings)) {
        for (const [index, entry] of list.entries()) {
          if (list.indexOf(entry) < index) yield { path: [...path, index], need: "to be listed once" };
        }
      }
    },
  };
}

function routesOf(services: ApplicationSettings["services"]) {
  return Object.entries(services).flatMap(([name, service]) =>
    service.routes.map((route, index) => ({
      name,
      route: withoutSlash(route),
      path: ["services", name, "routes", index] as const,
    })),
  );
}

/** A route as it is compared: `/api` and `/api/` are the same. */
export function withoutSlash(route: string): string {
  return route.length > 1 ? route.replace(/\/+$/, "") : route;
}

function givenByUse(service: Service): string[] {
  return service.uses.map((use) => GIVEN_BY_USE[use]);
}

function words(path: Path, command: readonly string[] = []): [Path, string][] {
  return command.map((word, index) => [[...path, index], word]);
}

/** Of the target vps alone. */
export const registriesRule = listedOnce<VpsSettings>(
  (settings) => [[["registries"], settings.registries]],
  [["registries"]],
);

/** Settings of services that mean something to Kubernetes alone. */
export const clusterOnlyRule: Rule = {
  meaning: "`services.*.requests` and `services.*.autoscale` are for the target kubernetes.",
  reliesOn: [["services", ANY]],
  *check({ services }) {
    for (const [name, service] of Object.entries(services))
      for (const key of ["requests", "autoscale"] as const)
        if (service[key] !== undefined)
          yield { path: ["services", name, key], need: "to be left out, since the target is vps" };
  },
};

export const noLambdaRule: Rule<SelfHostedSettings> = {
  meaning: "`services.*.lambda` is for the target aws.",
  reliesOn: [["services", ANY]],
  *check({ services, target }) {
    for (const [name, { lambda }] of Object.entries(services))
      if (lambda)
        yield { path: ["services", name, "lambda"], need: `to be left out, since the target is ${target}` };
  },
};
