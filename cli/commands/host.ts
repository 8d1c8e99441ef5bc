/** `tristack host`: makes a machine fit to carry a stack, and prints the key that ssh knows it by. */
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { hostScript } from "../../components/docker/host/script.ts";
import { badInput, CliError } from "../errors.ts";
import { readHostKey } from "../host-key.ts";
import { runHostScript } from "../host-prepare.ts";
import { type HostTarget, hostTarget } from "../host-target.ts";
import { jsonOption } from "../options.ts";
import { print, printJson, table } from "../output.ts";
import { createProgress } from "../progress.ts";
import { readProject } from "../project.ts";
import { Docker } from "../docker.ts";

const ACTIONS = ["prepare", "key"] as const;
type Action = (typeof ACTIONS)[number];

interface Options {
  as?: string;
  dryRun?: boolean;
  json?: boolean;
}

export function hostCommand(): Command {
  return new Command("host")
    .description("make a machine fit to carry a stack, over ssh; or print the key that ssh knows it by")
    .addArgument(
      new Argument(
        "<action>",
        "prepare: Docker, firewall, ssh, updates, swap, disk watch; key: what to put into host.hostKey",
      ).choices(ACTIONS),
    )
    .argument("<stack|address>", "name of a stack whose host.docker is an ssh:// address, or such an address")
    .addOption(
      new Option("--as <user>", "log in as this user, such as root on a new machine").argParser(userName),
    )
    .option("--dry-run", "with prepare: say what would be changed")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nRun again, prepare changes what is not as it should be, and nothing else.\n\nExamples:\n" +
        "  tristack host key production\n  tristack host prepare production --as root --dry-run\n" +
        "  tristack host prepare ssh://root@203.0.113.10\n",
    )
    .action(async (action: Action, given: string, options: Options) => {
      if (options.dryRun && action !== "prepare") throw badInput("--dry-run goes with prepare alone");
      await DO[action](await hostTarget(readProject(), given), given, options);
    });
}

const DO: Record<Action, (target: HostTarget, given: string, options: Options) => Promise<void>> = {
  async prepare(target, given, { as, dryRun = false, json }) {
    const began = Date.now();
    const progress = createProgress();
    const login = as ?? (given.startsWith("ssh://") ? new URL(given).username : target.user);
    const script = hostScript({ ...target.prepare, dryRun, wait: true });
    // As everybody will come: not on the connection that prepared it, whose user is of the groups he was of then.
    const { changes, notes } = await progress.step(
      `${dryRun ? "Looking at" : "Preparing"} ${target.host} as ${login}`,
      (say) => runHostScript(target.as(login, true), script, say),
    );
    const engine = dryRun
      ? null
      : await progress.step(`Docker as ${target.user}`, () => engineVersion(target));
    const seconds = Math.round((Date.now() - began) / 100) / 10;
    if (json)
      return printJson({
        host: target.host,
        user: target.user,
        dryRun,
        changes,
        notes,
        docker: engine,
        seconds,
      });
    if (changes.length > 0) print(table(changes.map(({ step, what }) => [step, what])));
    for (const note of notes) print(`note: ${note}`);
    const count = `${changes.length} ${changes.length === 1 ? "change" : "changes"}`;
    if (dryRun) return print(`${target.host}: ${count} would be made.`);
    print(`${target.host} is ready for ${target.user}: ${count}, Docker ${engine ?? "?"}, ${seconds} s.`);
  },

  async key(target, given, { as, json }) {
    const found = await createProgress().step(`Key of ${target.host}`, () =>
      readHostKey(target.as(as ?? target.user)),
    );
    const pinned = target.hostKey === undefined ? null : target.hostKey === found.hostKey;
    if (json) printJson({ host: target.host, ...found, pinned });
    else {
      print(`${found.hostKey}\n${found.fingerprint}\n`);
      print("Compare with what the host itself says, on its provider's console:");
      print("  ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub");
      if (pinned === null) print("and put the first line into the stack's settings as host.hostKey.");
    }
    if (pinned === false) throw new CliError(`${given}: host.hostKey is another key`, 1);
  },
};

function engineVersion(target: HostTarget): Promise<string> {
  const ssh = target.as(target.user, true);
  return new Docker(ssh.address, ssh).run(["version", "--format", "{{.Server.Version}}"], 60);
}

function userName(value: string): string {
  if (/^[a-z_][a-z0-9_-]{0,31}$/.test(value)) return value;
  throw new InvalidArgumentError("needs a user name");
}
