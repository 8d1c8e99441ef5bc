/** One-shot containers whose failure stops the update. */
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { blotOut } from "../shared/secret-text.ts";

/** Arguments of a container that runs once, to its end, while the update waits for it. */
export const ONE_SHOT = {
  restart: "no",
  mustRun: false,
  attach: true,
  logs: true,
  // It competes with nothing once it has run: shares would only be one more thing to update.
  cpuShares: undefined,
} as const;

/**
 * `value`, once `container` has ended with exit code 0; otherwise the update fails with the container's log.
 *
 * The provider stores a failed one-shot container as a success, and the engine would go on to delete what serves. An
 * error in the program makes it delete nothing; and since the exit code is recorded, the next update fails the same way
 * until the container is replaced. (`wait` is no gate: a refresh forgets that it failed.)
 *
 * @param what the sentence's subject, such as `the migration of api`
 * @param secrets values blotted out of the log
 */
export function gate<T>(
  container: docker.Container,
  value: T,
  what: string,
  secrets: pulumi.Input<string>[] = [],
): pulumi.Output<T> {
  const passed = pulumi
    .all([container.exitCode, container.containerLogs, container.urn, pulumi.all(secrets)])
    .apply(([exitCode, log, urn, values]) => {
      if (exitCode === 0 || pulumi.runtime.isDryRun()) return value;
      throw new pulumi.RunError(
        `${what} failed (exit ${exitCode}); nothing that serves was changed.\n` +
          `${blotOut(log ?? "", values).trim()}\n` +
          `Once the cause is mended, run it again with: pulumi up --replace '${urn}'`,
      );
    });
  return pulumi.unsecret(passed);
}
