/** The alerts, tried by Prometheus' own tool: what makes each fire, and what does not. Needs Docker and no stack. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { alertRules } from "../../../components/docker/monitoring/alerts.ts";
import { alertRules as clusterRules } from "../../../components/kubernetes/monitoring/alerts.ts";
import { clusterMonitoring, monitoring } from "../../../components/settings/monitoring.ts";
import type { AlertRule } from "../../../components/shared/metrics/alerts.ts";
import { ensureBaseImages } from "../../../toolchain/images.ts";
import { REPOSITORY, run, succeeded } from "../../support/e2e-command.ts";

const START = readFileSync(
  new URL("../../../components/docker/monitoring/start.sh", import.meta.url),
  "utf8",
);

interface Tried {
  rules: AlertRule[];
  /** File of promtool's tests, in test/support. */
  tests: string;
  /** Changes to the rules that those are to notice. */
  mistakes: readonly [what: string, from: string, to: string][];
}

const watched = { namespace: "shop", services: ["api"], renewed: true, backupLateAfterSeconds: 90_000 };

const TARGETS: Readonly<Record<string, Tried>> = {
  "of a host": {
    rules: alertRules(monitoring.parse({}), ["api"]),
    tests: "alerts.yaml",
    mistakes: [
      ["another limit of errors", "> 5 and on", "> 7 and on"],
      ["no least number of requests", ">= 10", ">= 0"],
      ["a longer wait", "for: 60s", "for: 10m"],
      ["containers taken for each other", "unless on (container_id)", "unless on (resource)"],
      ["an alarm for everything while cAdvisor is down", ' and on () up{job="containers"} == 1', ""],
      ["a later warning about the certificate", "< 1209600", "< 1036000"],
    ],
  },
  "of a namespace": {
    rules: clusterRules(clusterMonitoring.parse({}), watched),
    tests: "cluster-alerts.yaml",
    mistakes: [
      ["another limit of errors", "> 5 and on", "> 9 and on"],
      ["no least number of requests", ">= 10", ">= 0"],
      ["a longer wait", "for: 60s", "for: 10m"],
      ["troubles of another namespace", 'namespace="shop"', 'namespace=~".+"'],
      ["a kill of long ago", "and on (namespace, pod, container) increase", "or increase"],
      ["failures of long ago", "< 86400", "< 864000"],
      ["a later warning about the certificate", "< 1209600", "< 860000"],
    ],
  },
};

for (const [target, { rules: list, tests: file, mistakes }] of Object.entries(TARGETS))
  describe(`alerts ${target}`, () => {
    const rules = stringify({ groups: [{ name: "tristack", rules: list }] });
    const tests = readFileSync(new URL(`../../support/${file}`, import.meta.url), "utf8");
    let image: string;

    before(async () => {
      const { prometheus } = await ensureBaseImages({ names: ["prometheus"] });
      image = prometheus?.reference ?? "";
    });

    /** Runs promtool beside two files. */
    function promtool(rulesText: string, ...args: string[]) {
      const files = ["/tmp/t/rules.yml", rulesText, "/tmp/t/alerts.yaml", tests];
      const options = ["--rm", "--network", "none", "--entrypoint", "/bin/sh", "--workdir", "/tmp"];
      const command = ["-c", START, "start", ...files, "--", "promtool", ...args];
      return run("docker", ["run", ...options, image, ...command], { cwd: REPOSITORY });
    }

    it("are rules that promtool finds nothing wrong with", async () => {
      succeeded(await promtool(rules, "check", "rules", "--lint=all", "--lint-fatal", "/tmp/t/rules.yml"));
    });

    it("fire when they should, and not otherwise", async () => {
      const ran = succeeded(await promtool(rules, "test", "rules", "/tmp/t/alerts.yaml"));
      assert.match(ran.all, /SUCCESS/);
    });

    for (const [what, from, to] of mistakes) {
      it(`are tried well enough to notice ${what}`, async () => {
        const one = rules.replace(/\n {10,}/g, " ");
        assert.ok(one.includes(from), `${from} is not there`);
        const ran = await promtool(one.replaceAll(from, to), "test", "rules", "/tmp/t/alerts.yaml");
        assert.notEqual(ran.exitCode, 0);
        assert.match(ran.all, /FAILED/);
      });
    }

    it("are all tried", () => {
      for (const { alert } of list)
        assert.ok(new RegExp(`alertname: ${alert}\\n`).test(tests), `${alert} is never seen to fire`);
    });
  });
