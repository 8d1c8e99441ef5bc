/** What environments are called, and what none may be called. */
import { basename } from "node:path";
import { badInput } from "../errors.ts";
import { checkStackName } from "../project.ts";

/** A label of a host name, a namespace, a part of names at AWS: the longest that fits all of them. */
const ENVIRONMENT_NAME = /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/;
const OF_PULL_REQUEST = /^pr-([1-9]\d{0,6})$/;
/** Names that are never an environment's, whatever state and settings say. */
const PROTECTED_NAME = /^(staging|stage|production|prod|live)([-_.].*)?$/i;
/** The template's own settings are those of a stack of this name. */
const TEMPLATE_NAME = "preview";

export interface EnvironmentName {
  /** As Pulumi knows it: `pr-42`, or `organization/project/pr-42`. */
  readonly stack: string;
  /** `pr-42`: what its subdomain is called. */
  readonly name: string;
  readonly pullRequest?: number;
}

/** Why no command of environments touches a stack of this name; undefined when it may. */
export function protectedName(stack: string): string | undefined {
  const name = basename(stack);
  return PROTECTED_NAME.test(name)
    ? `The stack ${stack} is protected by its name: it is no preview environment. Nothing was changed.`
    : undefined;
}

/** The pull request that a name speaks of. */
export function pullRequestIn(stack: string): number | undefined {
  const number = OF_PULL_REQUEST.exec(basename(stack))?.[1];
  return number === undefined ? undefined : Number(number);
}

/**
 * The environment that is meant by a name, a pull request, or both.
 * @throws CliError with exit code 2 for what cannot be one
 */
export function environmentName(given: string | undefined, pullRequest: number | undefined): EnvironmentName {
  if (given === undefined && pullRequest === undefined)
    throw badInput("name is missing; needs the environment's name, or --pull-request with its number");
  const stack = checkStackName(given ?? `pr-${String(pullRequest)}`);
  const reason = protectedName(stack);
  if (reason !== undefined) throw badInput(reason);
  const name = basename(stack);
  if (!ENVIRONMENT_NAME.test(name) || name === TEMPLATE_NAME)
    throw badInput(
      `name: ${JSON.stringify(name)}; needs lower-case letters, digits and -, at most 30, such as pr-42, and not ${TEMPLATE_NAME}`,
    );
  const said = pullRequestIn(name);
  if (said !== undefined && pullRequest !== undefined && said !== pullRequest)
    throw badInput(`--pull-request: ${pullRequest}; needs to be ${said}, or another name than ${name}`);
  return { stack, name, pullRequest: pullRequest ?? said };
}
