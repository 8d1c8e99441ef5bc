/** Settings of the backups of the database, and of what a lost host is made anew from. */
import {
  amount,
  duration,
  object,
  oneOf,
  schedule,
  secretName,
  size,
  text,
  wholeNumber,
} from "./value-types.ts";

const s3 = object({
  bucket: text(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, "a bucket of lower-case letters, digits and -").describe(
    "Bucket; it must exist.",
  ),
  prefix: text(/^([A-Za-z0-9._-]+\/)*$/, "folders that end with /, such as shop/production/, or nothing")
    .default("")
    .describe("What the objects' names begin with. Two stacks in one bucket need one each."),
  region: text(/^[a-z0-9-]{1,40}$/, "a region such as eu-central-1").describe("Region of the bucket."),
  endpoint: text(/^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?$/, "an address such as https://s3.example.com")
    .optional()
    .describe("Address of an S3 server other than Amazon's."),
  serverSideEncryption: oneOf(["AES256", "aws:kms"])
    .default("AES256")
    .describe("How the server encrypts what it keeps."),
  accessKey: secretName("Access key of an identity that may put, get, list and delete under the prefix"),
  secretKey: secretName("Its secret key"),
});

/** When they are made and tried, and how long they are kept. */
const times = {
  schedule: schedule().default("0 3 * * *").describe("When backups are made."),
  retentionDays: wholeNumber(1, 3650)
    .default(30)
    .describe(
      "Days kept, counted by those that have a good backup, wherever they lie: while backups fail, none is deleted.",
    ),
  drill: schedule()
    .default("0 5 * * 0")
    .describe("When the newest backup is restored into a PostgreSQL that is thrown away, and compared."),
};

const ping = secretName(
  "URL that is asked after each success, of a service that alarms when it is not; a host that is gone alarms nobody",
).optional();

/** What is wrong with one, or with none. */
const limits = {
  smallerThan: amount(0, 1, "a ratio")
    .default(0.5)
    .describe("Part of the last good backup's size below which one is suspiciously small, and an alarm."),
  lateAfter: duration("1s", "7d")
    .default("1h")
    .describe("Time after which a backup that the schedule promises and that is not there is an alarm."),
  timeout: duration("10s", "1d")
    .default("1h")
    .describe("Longest time of one dump, one upload, one restore; after it, it has failed."),
};

/** On the target aws: the bucket is the stack's own, the keys are a role's, and Fargate has sizes of its own. */
export const backupAtAws = object({ ...times, ping, ...limits });

export const backup = object({
  ...times,
  s3: s3
    .optional()
    .describe(
      "Where backups are uploaded to: on a VPS besides the volume `backups` of the host, on a cluster nowhere else.",
    ),
  ping,
  recoveryKey: text(/^age1[0-9a-z]{50,2000}$/, "a public key that starts with age1: tristack recovery-key")
    .optional()
    .describe(
      "Public key of age: with it, `tristack` keeps a copy of the stack's state, settings and passphrase beside the backups, which only the recovery key opens.",
    ),
  ...limits,
  cpu: amount(0.05, 64, "CPUs").default(1).describe("CPU limit of the job."),
  memory: size("128MiB", "64GiB")
    .default("512MiB")
    .describe("Memory limit of the job; the drill's PostgreSQL runs in it."),
});
