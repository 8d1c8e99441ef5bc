/** Settings of the application itself: the same whatever target carries it. */
import { z } from "zod";
import {
  HOST_NAME,
  amount,
  anyText,
  duration,
  list,
  map,
  object,
  oneOf,
  size,
  text,
  variableName,
  wholeNumber,
} from "./value-types.ts";

// Letters that mean nothing to a shell, to nginx or to YAML: these values end up in the files of all three.
const PATH = /^\/[A-Za-z0-9._~/%-]*$/;
const FOLDER = /^(\/[A-Za-z0-9._-]+)+$/;
const IMAGE_NAME = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*";
const IMAGE_REPOSITORY = `${IMAGE_NAME}(?::\\d{1,5}(?=/))?(?:/${IMAGE_NAME})*`;
const IMAGE = `${IMAGE_REPOSITORY}(?::\\w[\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?`;

export const path = () => text(PATH, "a path that starts with /, of letters, digits and . _ ~ - % /");
export const image = () =>
  text(new RegExp(`^${IMAGE}$`), "an image such as postgres:16-alpine or ghcr.io/org/web@sha256:…");
export const identifier = () =>
  text(/^[a-z][a-z0-9_]{0,62}$/, "a name of lower-case letters, digits and _, at most 63");
export const command = (max: number) =>
  list(
    anyText("a word of a command: text that is not empty"),
    1,
    max,
    "words of a command, such as [python, -m, app]",
  );

/** What is asked where the settings do not say. */
export const HEALTH_PATH = "/health";

const health = object({
  path: path()
    .default(HEALTH_PATH)
    .describe(
      "Path that answers 200 once a container may receive requests; asked before traffic is switched to it.",
    ),
  command: command(32)
    .optional()
    .describe(
      "Command inside the container that exits 0 while it is healthy; without it only `path` is asked.",
    ),
  interval: duration("1s", "10m").default("5s").describe("Time between two runs of `command`."),
  timeout: duration("1s", "5m")
    .default("3s")
    .describe("Time after which one run of `command` counts as failed."),
  startup: duration("1s", "30m")
    .default("20s")
    .describe("Time a new container has to become healthy before the release is given up."),
  retries: wholeNumber(1, 20)
    .default(3)
    .describe("Failures of `command` in a row that make a container unhealthy."),
});

// Changing anything of a service but routes, replicas and metrics makes new containers, which take over without a gap.
const service = object({
  image: text(
    new RegExp(`^${IMAGE_REPOSITORY}$`),
    "an image without tag or digest, such as ghcr.io/org/web: the release adds it",
  ).describe("Image repository; the version comes from `release`."),
  port: wholeNumber(1, 65_535).optional().describe("Port that the container listens on; none for a worker."),
  routes: list(path(), 0, 50, "paths, such as [/, /docs]")
    .default([])
    .describe("Public path prefixes that the proxy sends to this service; the longest match wins."),
  replicas: wholeNumber(1, 50).default(2).describe("Containers of this service."),
  cpu: amount(0.05, 64, "CPUs").default(1).describe("CPU limit of each container."),
  memory: size("16MiB", "512GiB").default("1GiB").describe("Memory limit of each container; swap is off."),
  requests: object({
    cpu: amount(0.01, 64, "CPUs")
      .optional()
      .describe("CPUs kept free for each pod. Default: a quarter of `cpu`."),
    memory: size("16MiB", "512GiB")
      .optional()
      .describe("Memory kept free for each pod. Default: a quarter of `memory`."),
  })
    .optional()
    .describe("Kubernetes only: what the scheduler keeps free for each pod."),
  autoscale: object({
    maxReplicas: wholeNumber(2, 500).describe("Most pods; `replicas` is the least."),
    cpu: wholeNumber(10, 100)
      .default(70)
      .describe("Average use of the requested CPUs, in percent, that is aimed at."),
    memory: wholeNumber(10, 100)
      .default(80)
      .describe("Average use of the requested memory, in percent, that is aimed at."),
  })
    .optional()
    .describe("Kubernetes only: as many pods as are needed. Left out, there are always `replicas`."),
  health: health.prefault({}).describe("How to tell that a container works."),
  drain: duration("1s", "10m")
    .default("40s")
    .describe("Time between SIGTERM and SIGKILL: requests that run have this long to finish."),
  uses: list(oneOf(["database", "cache"]), 0, 2, "of: database, cache")
    .default([])
    .describe("What it connects to: adds the secrets DATABASE_URL or REDIS_URL, and access to that network."),
  environment: map(variableName(), z.string("text: quote numbers, true and false"), "names and texts")
    .default({})
    .describe("Environment variables that are no secrets."),
  secrets: list(variableName(), 0, 100, "names under secrets")
    .default([])
    .describe(
      "Secrets given as files: the variable NAME_FILE holds the path of a file with the secret NAME.",
    ),
  command: command(64).optional().describe("Replaces the image's command."),
  migrate: command(64)
    .optional()
    .describe("Command run once per release, in this image, before any container of the release starts."),
  schemaRevisions: text(FOLDER, "an absolute path inside the image, such as /app/schema-revisions.json")
    .optional()
    .describe(
      "File in the image that declares which database schemas the release works with; a rollback asks it.",
    ),
  assets: object({
    path: text(
      /^(\/[A-Za-z0-9._~-]+)+$/,
      "a path such as /_next/static, without a slash at its end",
    ).describe("Public path of the files."),
    folder: text(FOLDER, "an absolute path inside the image, such as /app/.next/static").describe(
      "Folder of the image that holds them.",
    ),
  })
    .optional()
    .describe(
      "Static files whose names hold a hash: nginx serves those of the last 5 releases itself, so that an open page finds its own.",
    ),
  lambda: object({
    entryPoint: command(32).optional().describe("Replaces the image's entry point there."),
    command: command(64).optional().describe("Replaces `command` there."),
  })
    .optional()
    .describe(
      "AWS only: what speaks Lambda's runtime interface, such as `command: [python, -m, awslambdaric, app.handler]`. Left out, the image has the Lambda Web Adapter, which speaks it for any web server.",
    ),
  metrics: path().optional().describe("Path of Prometheus metrics."),
  writable: list(text(FOLDER, "an absolute path inside the container, such as /app/cache"), 0, 20, "paths")
    .default([])
    .describe("Paths kept in memory (tmpfs) that the service may write to, besides /tmp."),
  user: text(
    /^[1-9]\d{0,9}:[1-9]\d{0,9}$/,
    'a numeric user and group other than root, in quotes, such as "1000:1000"',
  )
    .default("1000:1000")
    .describe("User and group that the containers run as; they own the secrets' files."),
});

/** Secrets that a service gets by what it uses. */
export const GIVEN_BY_USE = { database: "DATABASE_URL", cache: "REDIS_URL" } as const;

export const services = () =>
  map(
    text(/^[a-z][a-z0-9-]{0,30}$/, "a service name of lower-case letters, digits and -, at most 31"),
    service,
    "services, such as web and api",
  );

export const bodyLimit = () => size("1MiB", "10GiB").default("10MiB").describe("Largest request body.");
export const silence = () =>
  duration("1s", "1h").default("60s").describe("Longest silence of a service before a request fails.");

/** The settings that are part of a release: a rollback brings them back with it. */
export const releaseSettingsSchema = object({
  services: services().describe("As `services` were."),
  proxy: object({ bodyLimit: bodyLimit(), timeout: silence() }).describe("As these of `proxy` were."),
});

const versionOf = {
  version: text(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, "an image tag, such as v1.4.2").describe(
    "Tag of the images, and the name that people know the release by.",
  ),
  commit: text(/^[0-9a-f]{7,40}$/, "a git commit of 7 to 40 hexadecimal digits")
    .optional()
    .describe("Git commit that the images were built from."),
  digests: map(
    z.string(),
    text(/^sha256:[0-9a-f]{64}$/, "a digest: sha256: and 64 hexadecimal digits"),
    "services and digests",
  )
    .default({})
    .describe("Image digest by service; a service that is not here runs the tag `version`."),
};

export const release = object({
  ...versionOf,
  restored: releaseSettingsSchema
    .optional()
    .describe("Written by `tristack rollback` for its update: what stands in place of this file's settings."),
  previous: object({
    id: anyText("the id of a release").describe("Its id."),
    ...versionOf,
    settings: releaseSettingsSchema.describe("The settings that it was made with."),
  })
    .optional()
    .describe("Written by `tristack deploy` for its update: the release that is kept running for the bake."),
});

export const database = object({
  name: identifier().default("app").describe("Name of the database. Used when its volume is first filled."),
  user: identifier().default("app").describe("Its owner, whom the services connect as. Used as `name` is."),
  cpu: amount(0.1, 64, "CPUs").default(2).describe("CPU limit. Changing it restarts the database."),
  memory: size("128MiB", "512GiB")
    .default("2GiB")
    .describe("Memory limit. Changing it restarts the database."),
});

export const cache = object({
  cpu: amount(0.05, 64, "CPUs").default(1).describe("CPU limit. Changing it restarts Redis."),
  memory: size("16MiB", "512GiB").default("512MiB").describe("Memory limit. Changing it restarts Redis."),
});

export const domain = text(HOST_NAME, "a host name in lower case, such as shop.example.com")
  .default("localhost")
  .describe("Public host name. Required unless the environment is local.");

export const secrets = map(
  variableName(),
  anyText("a secret text that is not empty"),
  "names and secret texts",
)
  .default({})
  .describe(
    "Encrypted values that services may ask for by name: `pulumi config set --secret --path secrets.NAME`.",
  );
