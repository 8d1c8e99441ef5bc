/** What drift is in a web ACL's rules, which the provider never reads back. */
import assert from "node:assert/strict";
import type { Rule } from "@aws-sdk/client-wafv2";
import { describe, it } from "mocha";
import { ruleFindings } from "../../cli/drift/firewall-look.ts";

const urn = "urn:pulumi:shop::p::tristack:aws:Cdn$aws:wafv2/webAcl:WebAcl::cdn";
const counted = (MetricName: string) => ({
  MetricName,
  CloudWatchMetricsEnabled: true,
  SampledRequestsEnabled: true,
});
const limit: Rule = {
  Name: "limit",
  Priority: 0,
  Action: { Block: {} },
  Statement: { RateBasedStatement: { AggregateKeyType: "IP", Limit: 10_000 } },
  VisibilityConfig: counted("limit"),
};
const GROUP = { VendorName: "AWS", Name: "AWSManagedRulesKnownBadInputsRuleSet" };
const managed: Rule = {
  Name: "managed",
  Priority: 1,
  OverrideAction: { None: {} },
  Statement: { ManagedRuleGroupStatement: GROUP },
  VisibilityConfig: counted("managed"),
};

const findings = (...live: Rule[]) =>
  ruleFindings(
    { urn, type: "aws:wafv2/webAcl:WebAcl", inputs: { ruleJson: JSON.stringify([limit, managed]) } },
    live,
    "shop",
  );
const places = (...live: Rule[]) =>
  findings(...live).flatMap(({ properties }) =>
    properties.map(({ path, before, after }) => [path, before, after]),
  );

describe("drift of a web ACL's rules", () => {
  it("is none of those that the program gave, in whatever order AWS tells them, nor of Shield's own", () => {
    const shield: Rule = {
      ...managed,
      Name: "ShieldMitigationRuleGroup_1_a",
      Priority: 10_000_000,
    };
    const told: Rule = {
      ...managed,
      Statement: { ManagedRuleGroupStatement: { ...GROUP, ExcludedRules: [] } },
    };
    assert.deepEqual(findings(shield, told, limit), []);
  });

  it("is one that counts where it is to block, by the rule's name", () => {
    const counting = { ...managed, OverrideAction: { Count: {} } };
    assert.deepEqual(places(limit, counting), [
      ["rules[managed].OverrideAction.Count", undefined, {}],
      ["rules[managed].OverrideAction.None", {}, undefined],
    ]);
  });

  it("is a rule taken out, one put in with its bytes as text, and an exception of a group", () => {
    assert.deepEqual(places(managed), [["rules[limit]", JSON.parse(JSON.stringify(limit)), undefined]]);
    const SearchString = new Uint8Array(Buffer.from("/admin"));
    const [[path, , added] = []] = places(limit, managed, {
      Name: "hole",
      Priority: 2,
      Action: { Allow: {} },
      Statement: {
        ByteMatchStatement: {
          SearchString,
          FieldToMatch: { UriPath: {} },
          TextTransformations: [],
          PositionalConstraint: "STARTS_WITH",
        },
      },
      VisibilityConfig: counted("hole"),
    });
    assert.equal(path, "rules[hole]");
    assert.match(JSON.stringify(added), /"SearchString":"\/admin"/);
    const override = { Name: "Log4JRCE_QUERYSTRING", ActionToUse: { Allow: {} } };
    const excepted: Rule = {
      ...managed,
      Statement: { ManagedRuleGroupStatement: { ...GROUP, RuleActionOverrides: [override] } },
    };
    assert.match(JSON.stringify(places(limit, excepted)), /Log4JRCE/);
  });

  it("is mended by a command, since an update alone would find nothing to do", () => {
    const [one] = findings(limit);
    assert.equal(one?.kind, "changed");
    assert.equal(one?.mend, `npx pulumi up --stack shop --replace '${urn}'`);
  });
});
