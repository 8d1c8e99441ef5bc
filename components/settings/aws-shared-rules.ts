/** What the settings of an environment at AWS must be that uses another stack's network and database. */
import type { AwsSettings } from "../settings.ts";
import type { Finding } from "../shared/problems.ts";
import { database, network } from "./aws.ts";
import type { Rule } from "./rules.ts";

/** Settings that say what the other stack has, as they are where nobody says anything. */
const UNSAID = { network: network.parse({}), database: database.parse({}) };

export const awsSharedRules: readonly Rule<AwsSettings>[] = [
  {
    meaning: "`shared` is for environments of the kind preview.",
    reliesOn: [["environment", "kind"]],
    *check({ shared, environment: { kind } }) {
      if (shared && kind !== "preview" && kind !== "local")
        yield { path: ["shared"], need: `to be left out, since the environment is ${kind}` };
    },
  },
  {
    meaning:
      "With `shared`, `network` and `database` are left out: the other stack's settings say what they are.",
    reliesOn: [["shared"], ["network"], ["database"], ["environment", "kind"]],
    *check(settings): Iterable<Finding> {
      // Elsewhere it is `shared` that is to go.
      if (!settings.shared || settings.environment.kind !== "preview") return;
      for (const [part, unsaid] of Object.entries(UNSAID))
        for (const [key, value] of Object.entries(settings[part as keyof typeof UNSAID]))
          if (value !== unsaid[key as keyof typeof unsaid])
            yield { path: [part, key], need: "to be left out, since shared.stack has it" };
    },
  },
  {
    meaning: "With `shared`, `backup` is left out: what such a database holds goes with its environment.",
    reliesOn: [["shared"], ["backup"], ["environment", "kind"]],
    *check({ shared, backup, environment: { kind } }) {
      if (shared && backup && kind === "preview")
        yield { path: ["backup"], need: "to be left out, since shared is set" };
    },
  },
];
