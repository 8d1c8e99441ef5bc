/** What the settings of a machine alone must be together. */
import type { HostSettings } from "../settings.ts";
import type { Rule } from "./rules.ts";

export const machineRules: readonly Rule<HostSettings>[] = [
  {
    meaning: "`dns.names` are in `dns.zone`.",
    reliesOn: [["dns", "zone"]],
    *check({ dns }) {
      if (!dns) return;
      for (const [index, name] of dns.names.entries()) {
        if (name === dns.zone || name.endsWith(`.${dns.zone}`)) continue;
        yield { path: ["dns", "names", index], need: `a name in the zone ${dns.zone}` };
      }
    },
  },
];
