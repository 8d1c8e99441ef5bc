/** Destroying an environment: from any checkout, whatever its first `up` came to. */
import type { Backend } from "../backend.ts";
import type { Docker } from "../docker.ts";
import { Engine } from "../engine.ts";
import { badInput, failed } from "../errors.ts";
import { lockHolder } from "../host-lock.ts";
import { exclusively } from "../mutex.ts";
import { type Project, parseStackFile, readStackFile } from "../project.ts";
import { protectionOf } from "../protection.ts";
import { restoreCheckpoint } from "../recover.ts";
import type { Deployment } from "../recovery.ts";
import { type Removed, removeAll } from "../removal.ts";
import { dockerOf } from "../stack-docker.ts";
import { isBare, isElsewhere } from "../stack-settings.ts";
import { outputsOf } from "../stack-state.ts";
import { type Environment, environmentOf } from "./find.ts";
import { protectedName, pullRequestIn } from "./names.ts";
import { type EnvironmentRecord, readRecord } from "./record.ts";
import {
  TEMPLATE,
  bareSettings,
  environmentSettings,
  isMade,
  readTemplate,
  removeMade,
  writeMade,
} from "./template.ts";

/** Nothing of it is there. */
export class NoEnvironment extends Error {}

/**
 * Destroys an environment with its data, and its stack.
 * @param spared asked once the stack is held: why it is not to be destroyed after all
 * @throws CliError with exit code 2 of anything that is protected, or is no environment
 * @throws NoEnvironment where there is nothing of it
 */
export async function takeDown(
  project: Project,
  backend: Backend,
  stack: string,
  spared: (environment: Environment) => string | undefined = () => undefined,
): Promise<Removed> {
  const reason = protectedName(stack) ?? ownFileProtects(project, stack);
  if (reason !== undefined) throw badInput(reason);
  const engine = new Engine(project, stack, backend);
  return exclusively(project, stack, async () => {
    const record = await readRecord(engine);
    const docker = prepareSettings(project, stack, record);
    try {
      const restored = await restoreCheckpoint(engine, docker);
      const deployment = await engine.state();
      const environment = await destroyable(engine, docker, record, deployment);
      const kept = spared(environment);
      if (kept !== undefined) throw failed(kept);
      const holder = docker && (await lockHolder(docker, engine.owner));
      if (holder !== undefined)
        throw failed(`The stack ${stack} is held: ${holder}. Nothing was changed; wait until it has ended.`);
      return await removeAll(engine, engineDocker(docker, deployment), deployment, restored);
    } finally {
      removeMade(project, stack);
    }
  });
}

/** Settings in the checkout that nobody has made from a template are somebody's own, and speak for the stack. */
function ownFileProtects(project: Project, stack: string): string | undefined {
  const file = readStackFile(project, stack);
  return file && !isMade(file) ? protectionOf(stack, undefined, file.config) : undefined;
}

/** @throws where the stack is protected, is no environment, or is not there */
async function destroyable(
  engine: Engine,
  docker: Docker | undefined,
  record: EnvironmentRecord | undefined,
  deployment: Deployment | undefined,
): Promise<Environment> {
  const { stackName: stack } = engine;
  const protection = protectionOf(stack, deployment, undefined);
  if (protection !== undefined) throw badInput(protection);
  if (deployment === undefined && !(await docker?.hasAny(engine.owner).catch(() => false)))
    throw new NoEnvironment(`There is no environment ${stack} in ${engine.backend.url}`);
  const environment = environmentOf(stack, record, deployment ?? {});
  if (environment) return environment;
  throw badInput(
    `The stack ${stack} is no preview environment; nothing was removed. What removes it: npx tristack destroy ${stack}`,
  );
}

/**
 * Makes the settings file that Pulumi and Docker are found by, where the checkout has none.
 * @returns the stack's Docker; undefined of a stack without, and where nothing tells
 */
function prepareSettings(
  project: Project,
  stack: string,
  record: EnvironmentRecord | undefined,
): Docker | undefined {
  const own = readStackFile(project, stack);
  const file = own ?? writeMade(project, stack, madeSettings(project, stack, record) ?? bareSettings());
  if (file.config.target === undefined || isElsewhere(file) || isBare(file)) return undefined;
  return dockerOf(project, file);
}

/** From the template as it is today; undefined where it is gone, or no longer one. */
function madeSettings(project: Project, stack: string, record: EnvironmentRecord | undefined) {
  try {
    const name = stack.split("/").pop() ?? stack;
    const template = readTemplate(project, record?.template ?? TEMPLATE);
    const { expiresAt, ports } = record ?? { expiresAt: "2000-01-01T00:00:00Z" };
    const pullRequest = record?.pullRequest ?? pullRequestIn(name);
    const text = environmentSettings(project, template, { name, pullRequest }, { expiresAt, ports });
    parseStackFile(project, stack, text);
    return text;
  } catch {
    return undefined;
  }
}

/** What a template says by now is not what carries the stack: the state knows that. */
function engineDocker(docker: Docker | undefined, deployment: Deployment | undefined): Docker | undefined {
  const target = outputsOf(deployment ?? {}).target;
  return target === undefined || target === "vps" ? docker : undefined;
}
