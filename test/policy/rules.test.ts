/** Every rule of the policy pack with a stack that keeps it and one that breaks it; and what this project ships. */
import assert from "node:assert/strict";
import { type Kind, breachesOf } from "../../policy/rule.ts";
import { rules } from "../../policy/rules.ts";
import { goodAccount, goodAws } from "../support/aws-settings.ts";
import { goodCluster } from "../support/cluster-settings.ts";
import { buildGraph, stackFile } from "../support/graph.ts";
import { goodHost } from "../support/host-settings.ts";
import { goodKubernetes, withBackup } from "../support/kubernetes-settings.ts";
import { brokenBy, resourcesOf } from "../support/policy-resources.ts";
import type { Config } from "../support/settings.ts";
import { awsCases } from "./aws-cases.ts";
import { workloadCases } from "./workload-cases.ts";

const cases = { ...awsCases, ...workloadCases };

describe("the policy pack", () => {
  it("has the 51 rules about AWS, each once, and a case for every rule", () => {
    const numbers = rules.map(({ number }) => number);
    assert.deepEqual(
      numbers.filter((number) => number < 100),
      Array.from({ length: 51 }, (_, index) => index + 1),
    );
    assert.equal(new Set(rules.map(({ name }) => name)).size, rules.length);
    assert.deepEqual(
      numbers.map(String),
      Object.keys(cases).sort((a, b) => Number(a) - Number(b)),
    );
  });

  for (const rule of rules) {
    const { good = [], bad = [], kind = "production" } = cases[rule.number] ?? {};
    describe(`${rule.number} ${rule.name}: ${rule.meaning}`, () => {
      it("holds", () => {
        assert.ok(good.length > 0);
        assert.deepEqual(breachesOf(rule, resourcesOf(good), kind), []);
      });
      it("is broken", () => assert.equal(breachesOf(rule, resourcesOf(bad), kind).length, 1));
    });
  }

  it("asks of production alone what only production needs", () => {
    const only = rules.filter(({ kinds }) => kinds?.length === 1).map(({ number }) => number);
    assert.deepEqual(only, [3, 4, 28, 29, 44]);
    for (const rule of rules.filter(({ kinds }) => kinds !== undefined)) {
      const { bad = [] } = cases[rule.number] ?? {};
      assert.deepEqual(breachesOf(rule, resourcesOf(bad), "preview"), []);
    }
  });
});

describe("what is shipped breaks no rule", () => {
  const shipped: [name: string, kind: Kind, stack: string, config: Config][] = [
    ["a cluster of AWS", "production", "cluster", goodCluster()],
    ["a machine of AWS", "production", "box", goodHost()],
    ["an application at AWS", "production", "shop", goodAws()],
    ["an account of AWS", "production", "account", goodAccount()],
    [
      "the local stack",
      "local",
      "local",
      stackFile("Pulumi.local.yaml.template", {
        release: { version: "v1" },
        secrets: { SECRET_KEY: "a-secret-that-is-long-enough" },
      }),
    ],
    ["a stack on a cluster", "production", "production", goodKubernetes()],
    ["the same with backups", "production", "production", withBackup()],
  ];
  for (const [name, kind, stack, config] of shipped)
    it(name, async () => {
      const { resources } = await buildGraph({ stack, config, secretKeys: ["secrets"] });
      const mandatory = rules.filter(({ advisory }) => !advisory);
      assert.deepEqual(brokenBy(resources, kind, mandatory), []);
    });
});
