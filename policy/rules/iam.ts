/** Who may do what at AWS. */
import { statementsOf } from "../documents.ts";
import { type Rule, at, textAt } from "../rule.ts";

const POLICIES = [
  "aws:iam/policy:Policy",
  "aws:iam/rolePolicy:RolePolicy",
  "aws:iam/groupPolicy:GroupPolicy",
  "aws:iam/userPolicy:UserPolicy",
];
const GITHUB = "token.actions.githubusercontent.com";

export const iamRules: readonly Rule[] = [
  {
    number: 45,
    name: "iam-not-everything",
    ids: ["IAM.1", "CKV_AWS_62"],
    meaning: "Nobody may do everything with everything.",
    types: POLICIES,
    holds: ({ policy }) =>
      statementsOf(policy).every(
        ({ effect, actions, resources }) =>
          effect !== "Allow" || !(actions.includes("*") && resources.includes("*")),
      ),
  },
  {
    number: 46,
    name: "iam-named-actions",
    ids: ["IAM.21"],
    meaning: "Nobody may do everything of a service.",
    types: POLICIES,
    holds: ({ policy }) =>
      statementsOf(policy).every(
        ({ effect, actions }) => effect !== "Allow" || !actions.some((action) => /(^|:)\*$/.test(action)),
      ),
  },
  {
    number: 47,
    name: "iam-github-pinned",
    ids: ["CKV_AWS_358", "CKV_AWS_393"],
    meaning: "A role for GitHub is for one repository and one environment of it.",
    types: ["aws:iam/role:Role"],
    holds: ({ assumeRolePolicy }) =>
      statementsOf(assumeRolePolicy).every(({ principals, condition }) => {
        if (!principals.some((one) => one.includes(GITHUB))) return true;
        const subjects = [condition.StringEquals?.[`${GITHUB}:sub`]].flat();
        return (
          condition.StringEquals?.[`${GITHUB}:aud`] === "sts.amazonaws.com" &&
          subjects.every((one) => /^repo:[\w.-]+\/[\w.-]+:environment:[\w.-]+$/.test(String(one)))
        );
      }),
  },
  {
    number: 48,
    name: "iam-no-users",
    ids: ["CKV_AWS_273"],
    meaning: "There are no users and no keys that never end.",
    types: ["aws:iam/user:User", "aws:iam/accessKey:AccessKey"],
    holds: () => false,
  },
  {
    number: 49,
    name: "kms-rotation",
    ids: ["KMS.4", "CKV_AWS_7"],
    meaning: "Keys are changed every year, by AWS.",
    types: ["aws:kms/key:Key"],
    // Others than symmetric ones cannot be.
    holds: (props) =>
      props.enableKeyRotation === true ||
      !/^(|SYMMETRIC_DEFAULT)$/.test(textAt(props, "customerMasterKeySpec")),
  },
  {
    number: 50,
    name: "ecr-fixed-and-scanned",
    ids: ["ECR.1", "ECR.2", "CKV_AWS_51", "CKV_AWS_163"],
    meaning: "An image keeps what its tag meant, and is looked at when it is pushed.",
    types: ["aws:ecr/repository:Repository"],
    holds: (props) =>
      props.imageTagMutability === "IMMUTABLE" &&
      at(props, "imageScanningConfiguration", "scanOnPush") === true,
  },
];
