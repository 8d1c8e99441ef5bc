/** Rules of checkov about AWS that are not followed, of which resources, and why. */
import type { Skip } from "./skips.ts";

const skip = (rule: string, objects: RegExp, reason: string): Skip => ({
  tool: "checkov",
  rule,
  objects,
  reason,
});

const OWN_KEY =
  "AWS' own key encrypts it. A key of ours is 1 USD a month for each, and one more thing whose loss is the loss of the data: for whoever has a rule that asks for it.";
const EVERYTHING = /./;

/** Those that section 2 of anchors/aws-ci.md calls noise are CKV_AWS_115, 116, 144, 145, 149, 158, 272 and 374. */
export const AWS_SKIPS: readonly Skip[] = [
  skip("CKV_AWS_136", EVERYTHING, OWN_KEY),
  skip("CKV_AWS_145", EVERYTHING, OWN_KEY),
  skip("CKV_AWS_149", EVERYTHING, OWN_KEY),
  skip("CKV_AWS_158", EVERYTHING, OWN_KEY),
  skip("CKV_AWS_173", EVERYTHING, `${OWN_KEY} No variable of a function is a secret (rule 34).`),
  skip(
    "CKV_AWS_26",
    /alarms$/,
    "CloudWatch cannot publish to a topic that AWS' own key encrypts, and an alarm says nothing secret.",
  ),
  skip(
    "CKV_AWS_115",
    EVERYTHING,
    "A limit for one function takes from what the account has for all: refused requests are an alarm instead.",
  ),
  skip(
    "CKV_AWS_116",
    EVERYTHING,
    "Whoever calls these functions waits for their answer: there is nobody who would read a queue of failures.",
  ),
  skip(
    "CKV_AWS_117",
    /\.(origin-key|alarms-webhook|health-gate|(database-)?jobs)$/,
    "It speaks with AWS' own services, or with the internet: in the network it would need a way out, 33 USD a month.",
  ),
  skip(
    "CKV_AWS_272",
    EVERYTHING,
    "An image is what its digest says, and the code of the others is in this repository.",
  ),
  skip(
    "CKV_AWS_144",
    EVERYTHING,
    "What is in it can be made anew: files of a release from its image, and logs are of no use to anybody else.",
  ),
  skip("CKV2_AWS_62", EVERYTHING, "Nobody would hear of what happens in it."),
  skip(
    "CKV2_AWS_57",
    EVERYTHING,
    "The database's password changes with an update of the stack; the others are of services that AWS knows nothing of.",
  ),
  skip(
    "CKV_AWS_118",
    /\.database$/,
    "CloudWatch's own figures, one a minute, are what the alarms need; these are paid for as logs.",
  ),
  skip(
    "CKV_AWS_353",
    /\.database$/,
    "The smallest classes have none, and AWS has ended it for CloudWatch Database Insights.",
  ),
  skip("CKV_AWS_374", /\.cdn$/, "Whom the site is for is not ours to say."),
  skip(
    "CKV_AWS_305",
    /\.cdn$/,
    "The root is the application's own page: no bucket is asked for it (rule 26).",
  ),
  skip(
    "CKV_AWS_86",
    /\.cdn$/,
    "It has the newer kind of log, a resource of its own (rule 28): the older one writes to buckets that take ACLs.",
  ),
  skip(
    "CKV_AWS_259",
    /\.cdn$/,
    "It is sent for a year. Whether all subdomains have HTTPS, and whether browsers are to know for ever, is not ours to say.",
  ),
  skip(
    "CKV2_AWS_23",
    /\.cdn-a$/,
    "It leads to the distribution, whose name is not known before it is there: the graph of a test has none.",
  ),
  skip(
    "CKV2_AWS_47",
    /\.cdn$/,
    "AWSManagedRulesKnownBadInputsRuleSet, which has Log4j, is one of its rules; the tool asks for a second one beside it, about anonymous addresses, which would refuse visitors with a VPN.",
  ),
  skip(
    "CKV2_AWS_5",
    /\.jobs$/,
    "Containers get it as they are started: the function that does so has it as a variable.",
  ),
];

/** Those of a preview environment besides. */
export const PREVIEW_SKIPS: readonly Skip[] = [
  skip("CKV_AWS_18", /\.records$/, "Nobody asks who read what lives for a pull request (rule 21)."),
  skip(
    "CKV_AWS_338",
    EVERYTHING,
    "Its logs are of a few weeks, as it is: they are kept for 30 days, so that they outlive it.",
  ),
  skip(
    "CKV_AWS_309",
    /\.api-gateway-/,
    "There is no distribution in front of it whose key could be asked for: the application asks who is there (rule 35).",
  ),
  skip(
    "CKV2_AWS_23",
    /\.domain$/,
    "It leads to the API's name of its own, which is not known before it is there: the graph of a test has none.",
  ),
];
