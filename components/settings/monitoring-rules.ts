/** Rules about monitoring. */
import { seconds } from "../shared/units.ts";
import type { Rule } from "./rules.ts";

/** Points in time that a rate is made of, at least: with fewer, one scrape that fails makes a gap. */
const SCRAPES_IN_WINDOW = 4;

export const monitoringRules: readonly Rule[] = [
  {
    meaning: `\`monitoring.alerts.window\` is at least ${SCRAPES_IN_WINDOW} times \`monitoring.interval\`.`,
    reliesOn: [
      ["monitoring", "interval"],
      ["monitoring", "alerts"],
    ],
    *check({ monitoring }) {
      if (!monitoring) return;
      const least = SCRAPES_IN_WINDOW * seconds(monitoring.interval);
      if (seconds(monitoring.alerts.window) >= least) return;
      const need = `at least ${least}s, ${SCRAPES_IN_WINDOW} times monitoring.interval`;
      yield { path: ["monitoring", "alerts", "window"], is: monitoring.alerts.window, need };
    },
  },
  {
    meaning: "The ports of `monitoring` differ from each other and from those of `proxy`.",
    reliesOn: [["monitoring"], ["proxy", "httpPort"], ["proxy", "httpsPort"]],
    *check({ monitoring, proxy }) {
      if (!monitoring) return;
      const taken = new Map([
        [proxy.httpPort, "proxy.httpPort"],
        [proxy.httpsPort, "proxy.httpsPort"],
      ]);
      const own: [number, string[]][] = [[monitoring.port, ["monitoring", "port"]]];
      if (monitoring.grafana.enabled) own.push([monitoring.grafana.port, ["monitoring", "grafana", "port"]]);
      for (const [port, path] of own) {
        const other = taken.get(port);
        if (other) yield { path, is: String(port), need: `another port than ${other}` };
        else taken.set(port, path.join("."));
      }
    },
  },
];
