/** Whether a stack may be destroyed by a command. */
import type { Deployment } from "./recovery.ts";
import { objectOf } from "./stack-settings.ts";

const PROTECTED_KINDS = ["staging", "production"];

/**
 * Why the stack must not be destroyed; undefined when it may. What it was at its last update and what its settings say
 * now both count: neither a changed setting nor a lost state opens it.
 */
export function protectionOf(
  stack: string,
  deployment: Deployment | undefined,
  config: Readonly<Record<string, unknown>> | undefined,
): string | undefined {
  const root = deployment?.resources?.find((resource) => resource.type === "pulumi:pulumi:Stack");
  const kinds = [kindOf(root?.outputs?.environment), kindOf(config?.environment)];
  const kind = kinds.find((one) => one !== undefined && PROTECTED_KINDS.includes(one));
  if (kind !== undefined) {
    return (
      `The stack ${stack} is protected: its environment is ${kind}. Nothing was removed.\n` +
      "To remove it all the same, by hand: `npx pulumi state unprotect --all`, then `npx pulumi destroy`."
    );
  }
  if (root?.outputs?.protected === true) return `The stack ${stack} is protected. Nothing was removed.`;
  const held = deployment?.resources
    ?.filter((resource) => resource.protect)
    .map(({ urn }) => urn.split("::").pop());
  if (held && held.length > 0) {
    return `The stack ${stack} has protected resources: ${held.join(", ")}. Nothing was removed.`;
  }
  return undefined;
}

/** In the settings as in the outputs: an object with a kind. */
function kindOf(environment: unknown): string | undefined {
  const { kind } = objectOf(environment);
  return typeof kind === "string" ? kind : undefined;
}
