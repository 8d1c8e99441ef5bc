/** What the settings of the host must be together. */
import type { Rule } from "./rules.ts";

export const hostRules: readonly Rule[] = [
  {
    meaning: "`host.sshOptions` goes with an `ssh://` address in `host.docker`.",
    reliesOn: [["host", "docker"]],
    *check({ host }) {
      if (host.sshOptions.length === 0 || host.docker?.startsWith("ssh://")) return;
      yield { path: ["host", "sshOptions"], need: "to be removed, or an ssh:// address in host.docker" };
    },
  },
  {
    meaning: "`host.sshOptions` does not touch how the host's key is checked: it always is.",
    reliesOn: [["host", "docker"]],
    *check({ host }) {
      for (const [index, option] of host.sshOptions.entries()) {
        if (!/stricthostkeychecking|knownhosts(file|command)/i.test(option)) continue;
        yield {
          path: ["host", "sshOptions", index],
          need: "to be removed: host.hostKey says which key is right",
        };
      }
    },
  },
  {
    meaning: "`host.hostKey` goes with an `ssh://` address in `host.docker`.",
    reliesOn: [["host", "docker"]],
    *check({ host }) {
      if (host.hostKey === undefined || host.docker?.startsWith("ssh://")) return;
      yield { path: ["host", "hostKey"], need: "to be removed, or an ssh:// address in host.docker" };
    },
  },
];
