/**
 * Makes a backup of a stack, whatever its target, by its outputs alone: a consumer of the contract that has nothing of Tristack's code.
 *
 *   pulumi stack output --json --stack production | node backup.mjs [--schema outputs.schema.json] [--dry-run]
 *
 * What it needs is the tool of the target, logged in: `docker` (DOCKER_HOST=ssh://… for another machine), `kubectl` or `aws`.
 * Exit codes: 0 there is a new backup, 1 it failed, 2 the outputs are none that this can read, or say that there are no backups.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const SCHEMA = fileURLToPath(new URL("../../schemas/generated/outputs.schema.json", import.meta.url));
const POLL_SECONDS = 2;

const { values: options } = parseArgs({
  options: { schema: { type: "string", default: SCHEMA }, "dry-run": { type: "boolean", default: false } },
});

class Refused extends Error {}

/** How a command of the contract is run, by what it says it goes through: never by a shell. */
const RUN = {
  docker: ({ target, args }) => ["docker", "exec", target, ...args],
  "ssh+docker": ({ target, args }) => ["docker", "exec", target, ...args],
  lambda: ({ target, args }) => [
    ...["aws", "lambda", "invoke", "--function-name", target, "--payload", JSON.stringify({ args })],
    ...["--cli-binary-format", "raw-in-base64-out", "--cli-read-timeout", "0", "/dev/stdout"],
  ],
};

try {
  const { backup, environment } = checked(JSON.parse(readFileSync(0, "utf8")));
  if (backup === null) throw new Refused(`${environment.name} makes no backups: \`backup\` is null`);
  const { via, target } = backup.run;
  console.error(`${environment.name}: ${backup.run.args.join(" ")} in ${target}, by ${via}`);
  if (!options["dry-run"])
    console.log(via === "kubernetes" ? runOnCluster(backup.run) : run(RUN[via](backup.run)));
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = error instanceof Refused || error instanceof SyntaxError ? 2 : 1;
}

/** The outputs, if they are what the schema says: another version of the contract is another schema. */
function checked(outputs) {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, keywords: ["x-live"] });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(options.schema, "utf8")));
  if (validate(outputs)) return outputs;
  throw new Refused(
    validate.errors.map(({ instancePath, message }) => `${instancePath || "/"} ${message}`).join("; "),
  );
}

/** Output of a command. */
function run([command, ...args], input) {
  const ran = spawnSync(command, args, { input, encoding: "utf8", maxBuffer: 64 * 2 ** 20 });
  if (ran.error) throw ran.error;
  if (ran.status === 0) return ran.stdout.trim();
  throw new Error(`${command} ended with ${ran.status ?? ran.signal}: ${ran.stderr.trim()}`);
}

/** A Job from the CronJob's template, with the contract's words as its container's command; followed to its end. */
function runOnCluster({ target, args }) {
  const [namespace, cronJob] = target.split("/");
  const kubectl = (words, input) => run(["kubectl", "--namespace", namespace, ...words], input);
  const { spec } = JSON.parse(kubectl(["get", "cronjob", cronJob, "--output", "json"])).spec.jobTemplate;
  const [container] = spec.template.spec.containers;
  container.command = args;
  const job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { generateName: `${cronJob}-consumer-`, namespace },
    spec: { ...spec, backoffLimit: 0 },
  };
  const name = kubectl(["create", "--filename", "-", "--output", "name"], JSON.stringify(job));
  for (;;) {
    const { status } = JSON.parse(kubectl(["get", name, "--output", "json"]));
    const ended = status.conditions?.find(
      (one) => one.status === "True" && /^(Complete|Failed)$/.test(one.type),
    );
    if (!ended) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_SECONDS * 1000);
    else if (ended.type === "Complete") return kubectl(["logs", name, "--container", container.name]);
    else throw new Error(`${name} failed: ${kubectl(["logs", name, "--container", container.name])}`);
  }
}
