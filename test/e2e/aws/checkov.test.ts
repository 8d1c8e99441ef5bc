/** The graph of an application and of an account at AWS before checkov, written down as Terraform would have it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sharedIn } from "../../../cli/render/answers.ts";
import { goodAccount, goodAws, goodAwsShared } from "../../support/aws-settings.ts";
import { buildGraph } from "../../support/graph.ts";
import { AWS_SKIPS, PREVIEW_SKIPS } from "../../support/lint/aws-skips.ts";
import type { Finding } from "../../support/lint/finding.ts";
import { skipped } from "../../support/lint/skips.ts";
import { checkovOf } from "../../support/lint/tools.ts";
import type { Config } from "../../support/settings.ts";
import { type Terraform, terraformOf } from "../../support/terraform.ts";

describe("checkov about what is made at AWS", () => {
  let scratch: string;
  before(() => (scratch = mkdtempSync(join(tmpdir(), "tristack-checkov-"))));
  after(() => rmSync(scratch, { recursive: true }));

  const found: Finding[] = [];
  const look = (terraform: Terraform) => {
    const file = join(scratch, "main.tf.json");
    writeFileSync(file, JSON.stringify(terraform));
    return checkovOf("terraform_json", file);
  };
  const graphOf = async (config: Config) => {
    const lastOutputs = sharedIn("eu-central-1");
    const { resources } = await buildGraph({ stack: "shop", config, secretKeys: ["secrets"], lastOutputs });
    return terraformOf(resources);
  };

  const ALL = [...AWS_SKIPS, ...PREVIEW_SKIPS];
  for (const [name, config, skips] of [
    ["an application in production", goodAws(), AWS_SKIPS],
    ["a preview environment on staging's network and database instance", goodAwsShared(), ALL],
    ["an account", goodAccount(), AWS_SKIPS],
  ] as const)
    it(`finds nothing in ${name} that is not said to be meant`, async () => {
      const { findings, passed } = await look(await graphOf(config));
      console.log(`      ${passed} passed, ${findings.length} skipped`);
      assert.ok(passed > 5);
      assert.deepEqual(skipped(findings, skips).failed, []);
      found.push(...findings);
    });

  it("has a use for everything that is skipped", () => {
    assert.deepEqual(skipped(found, ALL).unused, []);
  });

  const broken: [what: string, type: string, name: string, change: object, rule: string][] = [
    ["an open database", "aws_db_instance", "database", { publicly_accessible: true }, "CKV_AWS_17"],
    ["an old TLS", "aws_cloudfront_distribution", "cdn", { viewer_certificate: {} }, "CKV_AWS_174"],
    [
      "a bucket that is open",
      "aws_s3_bucket_public_access_block",
      "cdn-log",
      { block_public_acls: false },
      "CKV_AWS_53",
    ],
  ];
  for (const [what, type, name, change, rule] of broken)
    it(`finds ${what}`, async () => {
      const terraform = await graphOf(goodAws());
      const resource = terraform.resource[type]?.[name];
      assert.ok(resource, `${type}.${name}`);
      Object.assign(resource, change);
      const { failed } = skipped((await look(terraform)).findings, AWS_SKIPS);
      assert.ok(
        failed.some((one) => one.rule === rule),
        JSON.stringify(failed),
      );
    });
});
