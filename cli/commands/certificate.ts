/** `tristack certificate`: tells of the certificate that is served, or asks for a new one now. */
import { setTimeout as sleep } from "node:timers/promises";
import { Argument, Command } from "commander";
import { CertificateKeeper, type CertificateStatus } from "../certificate.ts";
import { type DockerContext, openContext, withDocker } from "../deploy-context.ts";
import { failed } from "../errors.ts";
import { jsonOption, stackArgument } from "../options.ts";
import { paint, print, printJson, table } from "../output.ts";
import { createProgress } from "../progress.ts";
import { onProxy } from "../proxy.ts";

const ACTIONS = ["status", "renew"] as const;
type Action = (typeof ACTIONS)[number];

/** Seconds within which nginx has to serve what was issued; it looks every two. */
const SERVED_WITHIN = 60;
const DAY_MS = 86_400_000;

export function certificateCommand(): Command {
  return new Command("certificate")
    .description("tell of the certificate that a stack serves, or ask for a new one now")
    .addArgument(
      new Argument(
        "<action>",
        "status: names, issuer, end, last attempt; renew: ask the issuer now, and wait until nginx serves the new one",
      ).choices(ACTIONS),
    )
    .addArgument(stackArgument())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tristack certificate status production\n  tristack certificate renew production --json\n",
    )
    .action(async (action: Action, stack: string, options: { json?: boolean }) => {
      const context = withDocker(openContext(stack));
      const keeper = await CertificateKeeper.of(context);
      const status = action === "renew" ? await renew(context, keeper) : await keeper.status();
      const now = new Date();
      if (options.json) printJson({ stack, ...status, daysLeft: daysLeft(status, now) });
      else show(status, now);
    });
}

async function renew(context: DockerContext, keeper: CertificateKeeper): Promise<CertificateStatus> {
  const progress = createProgress();
  const { serial } = await progress.step("Asking the issuer", () => keeper.renew());
  return progress.step("Waiting until nginx serves it", async () => {
    for (const end = Date.now() + SERVED_WITHIN * 1000; Date.now() < end; await sleep(500)) {
      const status = await keeper.status();
      if (status.served === serial) return status;
    }
    // What nginx holds against it is written down by its own watcher.
    const said = await onProxy(
      context,
      'cat "/conf/rejected/$(cat /conf/current)" 2>/dev/null || true',
    ).catch(() => "");
    throw failed(
      `The new certificate is there, and nginx did not serve it within ${SERVED_WITHIN} s: ${said.trim() || "see its log"}`,
    );
  });
}

/** Whole days until its end; negative afterwards. */
export function daysLeft({ notAfter }: Pick<CertificateStatus, "notAfter">, now: Date): number {
  return Math.floor((new Date(notAfter).valueOf() - now.valueOf()) / DAY_MS);
}

function show(status: CertificateStatus, now: Date): void {
  const { names, issuer, notAfter, serial, served, lastAttempt } = status;
  const left = daysLeft(status, now);
  print(
    table([
      ["names", names.join(", ")],
      ["issuer", issuer],
      ["ends", `${notAfter}, ${left < 14 ? paint("red", `${left} days left`) : `${left} days left`}`],
      ["serial", serial],
      ["nginx", servedText(served, serial)],
      ["last attempt", lastAttempt ? attemptText(lastAttempt) : "none"],
    ]),
  );
}

function servedText(served: string, serial: string): string {
  if (served === serial) return "serves it";
  return paint("red", served === "" ? "does not answer" : `serves another one: ${served}`);
}

function attemptText({ at, passed, reason }: NonNullable<CertificateStatus["lastAttempt"]>): string {
  return `${at}, ${passed ? "passed" : paint("red", `failed: ${reason ?? ""}`)}`;
}
