/** Runs the host's script over ssh and reads what it says. */
import { execa } from "execa";
import { badInput, failed } from "./errors.ts";
import type { Say } from "./progress.ts";
import { type SshCommand, quoted, refuseUnknownHost, sshArguments } from "./ssh.ts";

export interface Prepared {
  readonly changes: readonly { readonly step: string; readonly what: string }[];
  readonly notes: readonly string[];
}

/** Kept in a file while it runs, since what it calls would read on from its stdin. */
const REMOTE = `
file=$(mktemp) && cat > "$file" || exit 1
if [ "$(id -u)" = 0 ]; then sh "$file" < /dev/null; else sudo -n sh "$file" < /dev/null; fi
code=$?
rm -f "$file"
exit $code`;

/** @throws CliError with exit code 2 where nothing was changed, 1 where a step failed. */
export async function runHostScript(ssh: SshCommand, script: string, say: Say): Promise<Prepared> {
  const run = execa("ssh", [...sshArguments(ssh), `exec sh -c ${quoted(REMOTE)}`], {
    input: script,
    reject: false,
  });
  const changes: { step: string; what: string }[] = [];
  const notes: string[] = [];
  let step = "";
  for await (const line of run.iterable({ from: "stdout" })) {
    const [, mark, text = ""] = /^(==|  \+|  note:) (.*)/.exec(line) ?? [];
    if (mark === "==") step = text;
    else if (mark === "  +") changes.push({ step, what: text });
    else if (mark) notes.push(`${step}: ${text}`);
    if (mark) say(mark === "==" ? text : `${step}: ${text}`);
  }
  const { exitCode, stderr, failed: broken, shortMessage } = await run;
  if (!broken) return { changes, notes };
  if (exitCode === 255) throw unreachable(ssh, stderr);
  const errors = stderr.replaceAll(/^error: /gm, "").trim();
  if (exitCode === 2) throw badInput(errors, "Nothing was changed.");
  if (/^sudo: /m.test(stderr))
    throw failed(`${errors}\nNothing was changed. Needs root, or sudo without a password: --as root`);
  throw failed(
    `${errors || shortMessage || "the script failed"}\nMend it and run this again: what is done stays done.`,
  );
}

function unreachable(ssh: SshCommand, said: string) {
  refuseUnknownHost(said, ssh);
  return failed(`${ssh.address} cannot be reached: ${said.trim().split("\n").pop() ?? "ssh failed"}`);
}
