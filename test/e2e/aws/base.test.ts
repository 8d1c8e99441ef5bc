/** Network, database and buckets, made by the real engine and the AWS plugin on moto: up, edits, refusals, snapshots, down. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { stringify } from "yaml";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { type Moto, envOf, REGION, startMoto } from "../../support/e2e-moto.ts";
import { itFully } from "../../support/e2e-tier.ts";
import { Workspace } from "../../support/e2e-workspace.ts";

const PROJECT = "tristack-e2e-aws";
const INSTANCE = "aws:rds:Instance";
/** Changing one makes the database anew, empty: https://github.com/pulumi/pulumi-aws/blob/master/provider, and the bridge's own check. */
const REPLACING: Readonly<Record<string, unknown>> = {
  availabilityZone: `${REGION}b`,
  characterSetName: "UTF8",
  customIamInstanceProfile: "AWSRDSCustomProfile",
  dbName: "shop",
  engine: "mysql",
  kmsKeyId: `arn:aws:kms:${REGION}:123456789012:key/0f0f0f0f-0000-0000-0000-000000000000`,
  ncharCharacterSetName: "UTF8",
  restoreToPointInTime: { sourceDbInstanceIdentifier: "other", useLatestRestorableTime: true },
  snapshotIdentifier: "rds:other-2026-11-26",
  storageEncrypted: false,
  timezone: "UTC",
  username: "shop",
};
const HARMLESS: Readonly<Record<string, unknown>> = {
  instanceClass: "db.t4g.small",
  backupRetentionPeriod: 14,
  backupWindow: "02:00-02:30",
  maintenanceWindow: "mon:04:00-mon:05:00",
  maxAllocatedStorage: 200,
  copyTagsToSnapshot: false,
};

describe("network, database and buckets of AWS", () => {
  let place: Workspace;
  let moto: Moto;
  let folder: string;
  let s3: S3Client;

  before(async () => {
    place = await Workspace.create("aws-base", { inDocker: false });
    folder = join(place.root, "test", "fixtures", "aws-base");
    moto = await startMoto({
      MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
      S3_IGNORE_SUBDOMAIN_BUCKETNAME: "true",
    });
    Object.assign(place.env, {
      ...envOf(moto),
      PULUMI_BACKEND_URL: `file://${await place.folder("state")}`,
      PULUMI_CONFIG_PASSPHRASE: "e2e",
    });
    s3 = new S3Client({
      endpoint: `http://127.0.0.1:${moto.port}`,
      region: REGION,
      credentials: { accessKeyId: "e2e", secretAccessKey: "e2e" },
      forcePathStyle: true,
    });
  });
  after(async () => {
    await place?.dispose();
    await moto?.stop();
  });

  const pulumi = (stack: string, command: string, ...more: string[]) =>
    place.pulumi([command, "--stack", stack, "--cwd", folder, ...more], { timeoutSeconds: 1200 });
  const up = (stack: string) => pulumi(stack, "up", "--yes", "--skip-preview");

  async function settings(stack: string, environment: object, edit: object = {}): Promise<void> {
    const file = join(folder, `Pulumi.${stack}.yaml`);
    const salt = /^encryptionsalt:.*$/m.exec(await readFile(file, "utf8").catch(() => ""))?.[0] ?? "";
    const config = { [`${PROJECT}:environment`]: environment, [`${PROJECT}:edit`]: edit };
    await writeFile(file, `${stringify({ config })}${salt}\n`);
  }

  /** As docs/operations.md says: a bucket of staging with something in it is nobody's to remove but a person's. */
  async function emptyLogs(stack: string): Promise<void> {
    const { stdout } = succeeded(await pulumi(stack, "stack", "export"));
    const { resources } = (
      JSON.parse(stdout) as { deployment: { resources: { urn: string; id?: string }[] } }
    ).deployment;
    const Bucket = resources.find(({ urn }) => urn.endsWith("aws:s3/bucket:Bucket::logs"))?.id;
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    for (const { Key, VersionId } of Versions)
      await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  }

  const rds = (action: string) => moto.ask("rds", `/?Action=${action}&Version=2014-10-31`);

  const PRODUCTION = { kind: "production" };

  itFully("come up, and a second preview has nothing to change", async () => {
    await settings("production", PRODUCTION);
    succeeded(await pulumi("production", "stack", "init"));
    const ran = succeeded(await up("production"));
    console.log(`      ${ran.seconds.toFixed(1)} s`);
    succeeded(await pulumi("production", "preview", "--expect-no-changes"));
  });

  for (const [property, value] of Object.entries(REPLACING))
    itFully(`refuse another ${property} in production, which would make the database anew`, async () => {
      await settings("production", PRODUCTION, { [property]: value });
      const ran = ended(await pulumi("production", "preview"), 1);
      assert.match(ran.all, /marked for protection|protected/);
      assert.match(ran.all, new RegExp(`${INSTANCE} database`));
    });

  for (const [property, value] of Object.entries(HARMLESS))
    itFully(`take another ${property} in place`, async () => {
      await settings("production", PRODUCTION, { [property]: value });
      const ran = succeeded(await pulumi("production", "preview", "--diff"));
      assert.doesNotMatch(ran.all, /replace/);
      assert.match(ran.all, /~ 1 to update/);
    });

  itFully("are updated in place", async () => {
    await settings("production", PRODUCTION, { instanceClass: "db.t4g.small" });
    succeeded(await up("production"));
    assert.match(await rds("DescribeDBInstances"), /<DBInstanceClass>db\.t4g\.small</);
  });

  itFully(
    "refuse to be destroyed in production, by Pulumi, and by AWS when Pulumi is talked over",
    async () => {
      const refused = await pulumi("production", "destroy", "--yes", "--skip-preview");
      assert.notEqual(refused.exitCode, 0);
      succeeded(
        await place.pulumi([
          "state",
          "unprotect",
          "--all",
          "--yes",
          "--stack",
          "production",
          "--cwd",
          folder,
        ]),
      );
      const again = await pulumi("production", "destroy", "--yes", "--skip-preview");
      assert.notEqual(again.exitCode, 0);
      assert.match(again.all, /deletion protection|DeletionProtection/i);
      assert.match(await rds("DescribeDBInstances"), /<DBInstanceIdentifier>/);
    },
  );

  itFully("leave a snapshot each time that staging is destroyed", async () => {
    for (const life of [1, 2]) {
      await settings("staging", { kind: "staging" });
      succeeded(await pulumi("staging", "stack", "init"));
      succeeded(await up("staging"));
      succeeded(
        await place.pulumi(["state", "unprotect", "--all", "--yes", "--stack", "staging", "--cwd", folder]),
      );
      const ended = await pulumi("staging", "destroy", "--yes", "--skip-preview");
      assert.match(ended.all, /deleting S3 Bucket .* BucketNotEmpty/);
      await emptyLogs("staging");
      succeeded(await pulumi("staging", "destroy", "--yes", "--skip-preview"));
      succeeded(await place.pulumi(["stack", "rm", "staging", "--yes", "--cwd", folder]));
      const snapshots = [...(await rds("DescribeDBSnapshots")).matchAll(/<DBSnapshotIdentifier>([^<]+)</g)];
      const own = new Set(
        snapshots.map(([, name = ""]) => name).filter((name) => name.includes("-staging-")),
      );
      assert.equal(own.size, life);
    }
  });

  itFully("go with 1,000 objects and their versions where the environment was meant to go", async () => {
    await settings("pr-7", { kind: "preview", expiresAt: "2026-12-24T00:00:00Z" });
    succeeded(await pulumi("pr-7", "stack", "init"));
    succeeded(await up("pr-7"));
    const { stdout } = succeeded(
      await place.pulumi(["stack", "output", "--json", "--stack", "pr-7", "--cwd", folder]),
    );
    const { bucket: Bucket } = JSON.parse(stdout) as { bucket: string };
    for (let index = 0; index < 1000; index += 1)
      await s3.send(new PutObjectCommand({ Bucket, Key: `${index % 500}`, Body: String(index) }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "7" }));
    const { Versions = [], IsTruncated } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    assert.ok(Versions.length >= 999 || IsTruncated);
    const ran = succeeded(await pulumi("pr-7", "destroy", "--yes", "--skip-preview"));
    console.log(`      ${ran.seconds.toFixed(1)} s`);
    await assert.rejects(s3.send(new ListObjectVersionsCommand({ Bucket })), /NoSuchBucket/);
  });
});
