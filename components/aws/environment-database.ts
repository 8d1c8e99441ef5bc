/**
 * A database of its own for an environment, on the instance of another stack: made within the update, before anything
 * asks for it, and dropped with the stack. Its owner can connect to no other database of the instance.
 */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { AwsSettings } from "../settings.ts";
import { generatedPassword } from "../shared/generated-password.ts";
import type { Owner } from "../shared/labels.ts";
import { fingerprint } from "../shared/names.ts";
import { letInto } from "./database.ts";
import { type Job, Jobs } from "./jobs.ts";
import { readableSecret } from "./kept-secret.ts";
import type { Place } from "./network.ts";

/** A database instance of another stack. */
export interface Instance {
  readonly host: string;
  readonly port: number;
  /** Its first user. */
  readonly user: string;
  /** ARN of the secret that holds that user's URL. */
  readonly secretArn: string;
  readonly groupId: string;
  /** Security group that is let in already. */
  readonly jobsGroupId: string;
}

export interface EnvironmentDatabaseArgs {
  owner: Owner;
  instance: Instance;
  network: Place;
  /** Image with psql of PostgreSQL 16. */
  image: string;
  architecture: AwsSettings["architecture"];
  /** Days that the log of making it is kept. */
  logDays: number;
}

export class EnvironmentDatabase extends pulumi.ComponentResource {
  readonly host: string;
  readonly port: number;
  readonly databaseName: string;
  /** Its owner. */
  readonly user: string;
  /** ARN of the secret in Secrets Manager that holds the owner's URL; not known before the database is there. */
  readonly secretArn: pulumi.Output<string>;
  readonly #groupId: string;

  constructor(name: string, args: EnvironmentDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:EnvironmentDatabase", name, {}, opts);
    const { instance } = args;
    this.host = instance.host;
    this.port = instance.port;
    const own = nameOf(args.owner);
    this.databaseName = own;
    this.user = own;
    this.#groupId = instance.groupId;
    const password = generatedPassword(`${name}-password`, { parent: this });
    const url = readableSecret(
      `${name}-url`,
      "URL of the database",
      pulumi.interpolate`postgresql://${own}:${password}@${this.host}:${this.port}/${own}?sslmode=require`,
      this,
    );

    const [make, drop] = [`${name}-make`, `${name}-drop`];
    const run = (file: string, secretArns: Job["secretArns"] = {}): Job => ({
      image: args.image,
      architecture: args.architecture,
      command: ["sh", "-c", textOf("run.sh")],
      environment: { ...accessTo(instance), NAME: own, SQL: textOf(file) },
      secretArns: { ADMIN_URL: instance.secretArn, ...secretArns },
    });
    const jobs = new Jobs(
      `${name}-jobs`,
      {
        network: args.network,
        groupId: instance.jobsGroupId,
        jobs: { [make]: run("create.sql", { DATABASE_URL: url }), [drop]: run("drop.sql") },
        logDays: args.logDays,
      },
      { parent: this },
    );
    // First what drops it: whatever becomes of making it, the stack knows by then how to be rid of it.
    const dropped = jobs.runAtEnd(drop, []);
    const made = jobs.run(make, [dropped]);
    this.secretArn = pulumi.all([url, made.id]).apply(([arn]) => arn);
    this.registerOutputs({ secretArn: this.secretArn });
  }

  /** Lets the members of a security group connect. */
  letIn(client: string, groupId: pulumi.Input<string>): void {
    letInto(this.#groupId, client, groupId, this);
  }
}

/** PostgreSQL cuts names after 63 letters. */
const STACK_LENGTH = 63 - "-01234567".length;

/** One that no other environment has; the hyphen is in no name of a database that settings name. */
function nameOf({ project, stack }: Owner): string {
  return `${stack.slice(0, STACK_LENGTH)}-${fingerprint([project, stack])}`;
}

/** Variables of psql, but for the password. */
function accessTo({ host, port, user }: Instance) {
  return { PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: "postgres", PGSSLMODE: "require" };
}

function textOf(file: string): string {
  return readFileSync(new URL(`environment-database/${file}`, import.meta.url), "utf8");
}
