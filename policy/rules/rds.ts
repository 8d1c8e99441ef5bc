/** PostgreSQL of RDS. */
import { PRODUCTION, type Rule, at, listAt, ofType, rulesAbout, textAt } from "../rule.ts";

const INSTANCE = "aws:rds/instance:Instance";
/** Names that whoever tries passwords tries first. */
const USUAL_NAMES = ["postgres", "admin", "administrator", "root", "rdsadmin", "awsuser"];

const instance = rulesAbout(INSTANCE, "rds");

export const rdsRules: readonly Rule[] = [
  instance(
    1,
    "encrypted",
    ["RDS.3", "CKV_AWS_16"],
    "The database's storage is encrypted.",
    (props) => props.storageEncrypted === true,
  ),
  instance(
    2,
    "private",
    ["RDS.2", "CKV_AWS_17"],
    "The database has no public address.",
    (props) => props.publiclyAccessible !== true,
  ),
  instance(
    3,
    "multi-az",
    ["RDS.5", "CKV_AWS_157"],
    "Production's database has a standby in another zone.",
    (props) => props.multiAz === true,
    { kinds: PRODUCTION },
  ),
  instance(
    4,
    "deletion-protection",
    ["RDS.8", "CKV_AWS_293"],
    "Production's database refuses to be deleted at AWS itself.",
    (props) => props.deletionProtection === true,
    { kinds: PRODUCTION },
  ),
  instance(
    5,
    "backups",
    ["RDS.11", "CKV_AWS_133"],
    "The database can be brought back to any moment of the last 7 days.",
    (props) => Number(props.backupRetentionPeriod ?? 0) >= 7,
  ),
  instance(
    6,
    "minor-upgrades",
    ["RDS.13", "CKV_AWS_226"],
    "The database takes minor versions by itself.",
    (props) => props.autoMinorVersionUpgrade !== false,
  ),
  instance(
    7,
    "tags-on-snapshots",
    ["RDS.17", "CKV2_AWS_60"],
    "Snapshots carry the database's tags.",
    (props) => props.copyTagsToSnapshot === true,
  ),
  instance(8, "log-export", ["RDS.36", "CKV_AWS_129"], "The database's log goes to CloudWatch.", (props) =>
    listAt(props, "enabledCloudwatchLogsExports").includes("postgresql"),
  ),
  {
    number: 9,
    name: "rds-tls",
    ids: ["RDS.38", "CKV2_AWS_69"],
    meaning: "The database takes connections by TLS alone.",
    breaches: (all) =>
      ofType(all, INSTANCE).filter(
        (one) => !one.refersTo("parameterGroupName").some(({ props }) => forcesTls(props)),
      ),
  },
  instance(
    10,
    "user-name",
    ["RDS.25"],
    "The database's first user has a name of its own.",
    (props) => !USUAL_NAMES.includes(textAt(props, "username")),
  ),
  instance(
    11,
    "iam-login",
    ["RDS.10", "CKV_AWS_161"],
    "People may log in to the database by IAM, without a password.",
    (props) => props.iamDatabaseAuthenticationEnabled === true,
    { advisory: true },
  ),
  instance(
    12,
    "modern-authority",
    ["CKV_AWS_211"],
    "The database's certificate is of an authority of 2021 or later.",
    (props) => /^rds-ca-(rsa2048|rsa4096|ecc384)-g1$/.test(textAt(props, "caCertIdentifier")),
  ),
  {
    number: 13,
    name: "rds-made-up-password",
    ids: ["own"],
    meaning: "The database's password is made up: by RDS itself, or by the stack.",
    breaches: (all) =>
      ofType(all, INSTANCE).filter(
        (one) =>
          one.props.manageMasterUserPassword !== true &&
          ![...one.refersTo("password"), ...one.refersTo("passwordWo")].some(({ type }) =>
            type.startsWith("random:index/randomPassword:"),
          ),
      ),
  },
  instance(
    14,
    "final-snapshot",
    ["own"],
    "A database that is deleted leaves a snapshot, unless its environment was meant to go.",
    (props) => props.skipFinalSnapshot !== true && textAt(props, "finalSnapshotIdentifier") !== "",
    { kinds: ["staging", "production"] },
  ),
];

function forcesTls(props: Readonly<Record<string, unknown>>): boolean {
  return listAt(props, "parameters").some(
    (one) => at(one, "name") === "rds.force_ssl" && String(at(one, "value")) === "1",
  );
}
