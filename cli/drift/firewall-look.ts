/**
 * What a refresh cannot see of a web ACL: its rules. The program gives them as AWS' own JSON, and the provider never reads that
 * back, so that a rule which somebody took out by hand stays out, update after update.
 */
import { GetWebACLCommand, type Rule, WAFNonexistentItemException, WAFV2Client } from "@aws-sdk/client-wafv2";
import { resourceName } from "../events.ts";
import { propertyChanges, propertyText } from "../plan/properties.ts";
import type { Deployment, StateResource } from "../recovery.ts";
import { allSideBySide } from "../side-by-side.ts";
import type { Finding } from "./finding.ts";
import { maskedAt } from "./values.ts";

const WEB_ACL = "aws:wafv2/webAcl:WebAcl";
/** What Shield adds by itself against an attack, which the provider leaves alone as well. */
const SHIELD = /^ShieldMitigationRuleGroup_/;

export async function firewallFindings({ resources = [] }: Deployment, stack: string): Promise<Finding[]> {
  const own = resources.filter(({ type, delete: going }) => type === WEB_ACL && !going);
  const look = async (resource: StateResource) => {
    const live = await rulesOf(resource);
    // One that is gone the engine tells of.
    return live ? ruleFindings(resource, live, stack) : [];
  };
  return (await allSideBySide(own, look)).flat();
}

async function rulesOf({ id, outputs = {} }: StateResource): Promise<Rule[] | undefined> {
  const { name, scope, region } = outputs as {
    name: string;
    scope: "CLOUDFRONT" | "REGIONAL";
    region: string;
  };
  try {
    const found = await new WAFV2Client({ region }).send(
      new GetWebACLCommand({ Id: id, Name: name, Scope: scope }),
    );
    return found.WebACL?.Rules ?? [];
  } catch (error) {
    if (error instanceof WAFNonexistentItemException) return undefined;
    throw error;
  }
}

/** What of a web ACL's rules is not as the program has them. */
export function ruleFindings(
  { type, urn, inputs }: StateResource,
  live: readonly Rule[],
  stack: string,
): Finding[] {
  const { ruleJson } = inputs ?? {};
  if (typeof ruleJson !== "string") return [];
  const [wanted, current] = [JSON.parse(ruleJson) as Rule[], live].map((rules) =>
    maskedAt(type, { rules: comparable(rules) }, ["rules"]),
  );
  const properties = propertyChanges(wanted, current, ["rules"]).map(({ path, before, after }) => ({
    path: propertyText(path),
    before,
    after,
  }));
  if (properties.length === 0) return [];
  return [
    {
      kind: "changed",
      resource: resourceName(urn),
      urn,
      says: "changed by hand, where no update would put it back",
      properties,
      mend: `npx pulumi up --stack ${stack} --replace '${urn}'`,
    },
  ];
}

/** In the order in which AWS asks them, without what is empty, and with bytes as text. */
function comparable(rules: readonly Rule[]): unknown {
  const own = rules.filter(({ Name = "" }) => !SHIELD.test(Name));
  const inOrder = own.sort((a, b) => (a.Priority ?? 0) - (b.Priority ?? 0));
  return JSON.parse(
    JSON.stringify(inOrder, (_, value: unknown) => {
      if (value instanceof Uint8Array) return Buffer.from(value).toString();
      return Array.isArray(value) && value.length === 0 ? undefined : value;
    }),
  );
}
