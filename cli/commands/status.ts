/** `tristack status`: what runs and how it fares. */
import { Command } from "commander";
import { carrierOf } from "../carrier.ts";
import { openContext, settingsWith } from "../deploy-context.ts";
import { jsonOption, stackArgument } from "../options.ts";
import { paint, print, printJson, table } from "../output.ts";
import { age } from "../recovery.ts";
import type { StackStatus } from "../status.ts";

export function statusCommand(): Command {
  return new Command("status")
    .description("what runs and how it fares: release, containers, last deploy, backup and restore drill")
    .addArgument(stackArgument())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tristack status production\n  tristack status production --json | jq .release\n",
    )
    .action(async (stack: string, options: { json?: boolean }) => {
      const context = openContext(stack);
      const settings = await settingsWith(context, { version: "any", digests: {} });
      const { stackStatus } = await import("../status.ts");
      const status = await stackStatus(context, await carrierOf(context, settings));
      if (options.json) printJson(status);
      else show(status);
    });
}

function show({ release, maintenance, held, status, containers }: StackStatus): void {
  const { lastDeploy, lastBackup, lastVerifiedRestore, lastStateCopy, certificate } = status;
  const since = (at: string) => `${age(new Date(at), new Date())} ago`;
  const rows = [
    ["release", release ? `${release.id}${release.restored ? " (brought back by a rollback)" : ""}` : "none"],
    ["maintenance", maintenance === null ? "unknown" : maintenance ? paint("yellow", "on") : "off"],
    ["held", held ?? "by nobody"],
    [
      "last deploy",
      lastDeploy
        ? `${lastDeploy.version} ${lastDeploy.passed ? "passed" : paint("red", `failed: ${lastDeploy.reason ?? ""}`)}, ${since(lastDeploy.at)}, by ${lastDeploy.by}`
        : "none by tristack deploy",
    ],
    ["last backup", lastBackup ? `${since(lastBackup.at)}, ${lastBackup.bytes} bytes` : "none"],
    [
      "restore drill",
      lastVerifiedRestore
        ? `${lastVerifiedRestore.passed ? "passed" : paint("red", "failed")}, ${since(lastVerifiedRestore.at)}`
        : "none",
    ],
    ["copy of state", lastStateCopy ? since(lastStateCopy.at) : "none"],
    [
      "certificate",
      certificate
        ? `ends at ${certificate.notAfter}${certificate.passed ? "" : `, ${paint("red", `last attempt failed: ${certificate.reason ?? ""}`)}`}`
        : "none yet",
    ],
  ];
  print(table(rows));
  print();
  print(
    table(
      containers.map(({ part, version, status, name }) => [
        part,
        version ?? "",
        looksBad(status) ? paint("red", status) : status,
        paint("dim", name),
      ]),
    ),
  );
}

/** Words of Docker, Kubernetes, Lambda and RDS that somebody should look at. */
export function looksBad(status: string): boolean {
  return /unhealthy|Restarting|Exited|Dead|BackOff|Err|Unschedulable|[Ff]ailed|not there|stopped|-full|incompatible|inaccessible/.test(
    status,
  );
}
