/** The resource graph of what an account of AWS has once. */
import assert from "node:assert/strict";
import { checkOutputs } from "../../components/outputs.ts";
import { goodAccount, withAwsBackup } from "../support/aws-settings.ts";
import { type Graph, buildGraph, finderIn } from "../support/graph.ts";
import { statementsOf } from "../support/iam-statements.ts";
import { brokenBy } from "../support/policy-resources.ts";

describe("an account of AWS", () => {
  let graph: Graph;
  before(async () => (graph = await buildGraph({ stack: "account", config: goodAccount() })));

  const { all, only } = finderIn(() => graph);

  it("breaks no rule of the policy pack, and exports what its contract says", () => {
    assert.deepEqual(brokenBy(graph.resources, "production"), []);
    assert.deepEqual(checkOutputs(graph.outputs), []);
  });

  it("keeps images as they were pushed, scanned, the last fifty of them", () => {
    assert.deepEqual(
      all("aws:ecr/repository:Repository").map(({ name, protect }) => [name, protect]),
      [
        ["shop/web", true],
        ["shop/api", true],
      ],
    );
    const [policy] = all("aws:ecr/lifecyclePolicy:LifecyclePolicy");
    assert.match(String(policy?.inputs.policy), /"countType":"imageCountMoreThan","countNumber":50/);
  });

  it("lets jobs of one environment of the repository alone take its role", () => {
    const roles = all("aws:iam/role:Role").map(({ name, inputs }) => [name, subjectOf(inputs)]);
    assert.deepEqual(roles, [
      ["github-staging", "repo:myorg/shop:environment:staging"],
      ["github-production", "repo:myorg/shop:environment:production"],
    ]);
  });

  it("gives those roles no way to make one that may do more than they", () => {
    const { policy } = all("aws:iam/rolePolicy:RolePolicy")[0]?.inputs ?? {};
    const making = statementsOf(policy).filter(({ Action }) =>
      [Action].flat().some((action) => /^iam:(Create|Put|Attach)/.test(action)),
    );
    assert.deepEqual(
      making.map(({ Condition }) => Condition),
      [
        {
          StringEquals: {
            "iam:PermissionsBoundary": "arn:aws:iam:eu-central-1:123456789012:policy/boundary",
          },
        },
      ],
    );
    for (const { Resource } of statementsOf(policy))
      assert.equal(Resource, "arn:aws:iam::123456789012:role/tristack/*");
  });

  it("bounds roles by what those of an application do, and by nothing more", async () => {
    const bound = statementsOf(only("aws:iam/policy:Policy").inputs.policy).flatMap(({ Action }) => Action);
    const { resources } = await buildGraph({
      stack: "shop",
      config: withAwsBackup(),
      secretKeys: ["secrets"],
    });
    const done = resources
      .filter(({ type }) => type === "aws:iam/rolePolicy:RolePolicy")
      .flatMap(({ inputs }) => statementsOf(inputs.policy).flatMap(({ Action }) => Action));
    assert.deepEqual([...new Set(done)].sort(), [...new Set(bound)].sort());
  });

  it("tells of the budget at four fifths, at all of it, and when it will be", () => {
    const { notifications } = only("aws:budgets/budget:Budget").inputs as {
      notifications: { threshold: number; notificationType: string }[];
    };
    assert.deepEqual(
      notifications.map(({ threshold, notificationType }) => [threshold, notificationType]),
      [
        [80, "ACTUAL"],
        [100, "ACTUAL"],
        [100, "FORECASTED"],
      ],
    );
  });
});

function subjectOf({ assumeRolePolicy }: Record<string, unknown>): unknown {
  const [statement] = statementsOf(assumeRolePolicy);
  const { StringEquals } = statement?.Condition as { StringEquals: Record<string, unknown> };
  return StringEquals["token.actions.githubusercontent.com:sub"];
}
