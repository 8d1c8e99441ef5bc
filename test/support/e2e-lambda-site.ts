/**
 * The sample application as functions of Lambda, with what they speak with: PostgreSQL 16, Secrets Manager (moto, which checks
 * each signature), and PostHog as far as it is asked for flags.
 */
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { imageName } from "../../cli/images.ts";
import { LABEL } from "../../components/shared/labels.ts";
import { ensureDocker } from "../../toolchain/docker.ts";
import { ensureBaseImages } from "../../toolchain/images.ts";
import { PROJECT, scratch } from "./e2e-clone.ts";
import { REPOSITORY, type Ran, run, succeeded } from "./e2e-command.ts";
import { sweep } from "./e2e-engine.ts";
import { startHttpApi } from "./e2e-http-api.ts";
import { buildSample } from "./e2e-images.ts";
import { LambdaFunction } from "./e2e-lambda.ts";
import { startMoto } from "./e2e-moto.ts";
import { keepSecrets, keysOfRole } from "./e2e-moto-role.ts";
import { startPostgres } from "./e2e-postgres.ts";

/** What speaks Lambda's interface in each image. */
export const COMMANDS = {
  api: ["python", "-m", "awslambdaric", "app.lambda_handler.handler"],
  web: ["node", "server/lambda.ts"],
} as const;

/** Every value that a byte may have: no text in any encoding that somebody could take it for. */
export const BYTES = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
/** A file of the web's that holds them. */
export const FONT = "/_next/static/media/bytes.woff2";

export type LambdaSite = Awaited<ReturnType<typeof lambdaSite>>;

/**
 * Brings it up, migrated.
 * @param stops gets what takes it down again, step by step, so that a failure half way leaves nothing
 */
export async function lambdaSite(stops: (() => unknown)[]) {
  await ensureDocker();
  await sweep();
  const base = await ensureBaseImages();
  const version = await buildSample("lambda", base);
  const images = {
    api: imageName("api", version),
    web: imageName("web", version),
    redis: base.redis.reference,
  };
  const postgres = await startPostgres(base.postgres.reference);
  stops.push(postgres.stop);
  const secrets = {
    DATABASE_URL: postgres.url,
    SECRET_KEY: `marker-${randomBytes(16).toString("hex")}`,
    POSTHOG_API_KEY: `phc_marker${randomBytes(16).toString("hex")}`,
  };
  // As Fargate runs it: a container of the image, which has the secret itself.
  const migrate = ["python", "-m", "alembic", "upgrade", "head"];
  succeeded(await serve(images.api, { DATABASE_URL: postgres.url }, ["--rm"], migrate));

  const moto = await startMoto();
  stops.push(moto.stop);
  const kept = await keepSecrets(moto, secrets);
  const arnsOf = (...names: (keyof typeof secrets)[]) =>
    Object.fromEntries(names.map((name) => [`${name}_ARN`, kept[name] ?? ""]));
  const keys = await keysOfRole(moto, "secretsmanager:GetSecretValue");

  /** What PostHog was asked. */
  const flagsAsked: string[] = [];
  const posthog = createServer((request, response) => {
    void text(request).then((body) => flagsAsked.push(body));
    response.writeHead(200, { "content-type": "application/json" }).end('{"flags":{}}');
  });
  await new Promise<void>((resolve) => posthog.listen(0, "127.0.0.1", resolve));
  stops.push(() => posthog.close());

  const api = await LambdaFunction.create("api", {
    image: images.api,
    command: COMMANDS.api,
    environment: { ...keys, ENVIRONMENT: "production", ...arnsOf("DATABASE_URL", "SECRET_KEY") },
  });
  stops.push(() => api.dispose());
  const apiGateway = await startHttpApi(api);
  stops.push(apiGateway.stop);
  const file = join(await scratch(), "bytes.woff2");
  await writeFile(file, BYTES);
  const web = await LambdaFunction.create("web", {
    image: images.web,
    command: COMMANDS.web,
    environment: {
      ...keys,
      ENVIRONMENT: "production",
      API_INTERNAL_URL: apiGateway.url,
      POSTHOG_HOST: `http://127.0.0.1:${(posthog.address() as AddressInfo).port}`,
      ...arnsOf("POSTHOG_API_KEY"),
    },
    options: ["--volume", `${file}:/app/.next/static/media/bytes.woff2:ro`],
  });
  stops.push(() => web.dispose());
  return { images, postgres, secrets, keys, flagsAsked, api, web };
}

/** An image as it is started anywhere else; its variables' values are in no argument list. */
export function serve(
  image: string,
  env: Readonly<Record<string, string>>,
  options: readonly string[],
  command: readonly string[] = [],
): Promise<Ran> {
  const labels = ["--label", `${LABEL.project}=${PROJECT}`, "--label", `${LABEL.stack}=lambda`];
  const variables = Object.keys(env).flatMap((name) => ["--env", name]);
  const args = ["run", "--network", "host", ...labels, ...variables, ...options, image, ...command];
  return run("docker", args, { cwd: REPOSITORY, env });
}
