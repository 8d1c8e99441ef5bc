/** PostgreSQL 16 of RDS: encrypted, reachable from inside alone, by TLS alone, backed up, its password in Secrets Manager. */
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random";
import { generatedPassword } from "../shared/generated-password.ts";
import { DATABASE_LOGS, databaseLogGroup } from "./database-log.ts";
import { keptSecret } from "./kept-secret.ts";
import * as aws from "./sdk.ts";

export interface DatabaseArgs {
  vpcId: pulumi.Input<string>;
  /** Subnets in two zones at least, without a way out. */
  subnetIds: readonly pulumi.Input<string>[];
  /** Size, such as db.t4g.small. Changing it restarts the database: with a standby for a minute, without for several. */
  instanceClass: string;
  /** GiB that it begins with; it grows by itself to five times that. */
  storage: number;
  /** Name of the database, and of its owner. Changing one would replace it: `protect` refuses. */
  name: string;
  user: string;
  /** A standby in another zone, which takes over within a minute or two. */
  multiAz: boolean;
  /** Days that it can be brought back to any moment of. */
  backupDays: number;
  /** Days that its logs are kept. */
  logDays: number;
  /** Whether a snapshot is left when it is deleted. */
  finalSnapshot: boolean;
  /** Whether Pulumi refuses to delete or to replace it. */
  protect: boolean;
  /** Whether AWS does, too, whoever asks. */
  deletionProtection: boolean;
}

const PORT = 5432;
/** Growth by itself is for the night; beyond that somebody should look. */
const MOST_GROWTH = 5;

export class Database extends pulumi.ComponentResource {
  readonly host: pulumi.Output<string>;
  readonly port = PORT;
  readonly databaseName: string;
  /** Its owner, the first user of the instance. */
  readonly user: string;
  /** ARN of the secret in Secrets Manager that holds the URL, password and all. */
  readonly secretArn: pulumi.Output<string>;
  readonly instanceId: pulumi.Output<string>;
  /** Security group that those are let into who connect. */
  readonly groupId: pulumi.Output<string>;

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:Database", name, {}, opts);
    const within = { parent: this };
    const keep = { parent: this, protect: args.protect };
    const group = new aws.ec2.SecurityGroup(
      name,
      { description: "What reaches the database", vpcId: args.vpcId, tags: { Name: name } },
      within,
    );
    const subnets = new aws.rds.SubnetGroup(name, { subnetIds: [...args.subnetIds] }, keep);
    const parameters = new aws.rds.ParameterGroup(
      name,
      {
        family: "postgres16",
        description: "TLS alone, and slow statements and changed tables are logged",
        parameters: [
          { name: "rds.force_ssl", value: "1" },
          { name: "log_min_duration_statement", value: "1000" },
          { name: "log_statement", value: "ddl" },
        ],
      },
      within,
    );
    const password = generatedPassword(`${name}-password`, within);
    // A snapshot's name can be used once: the next life of a stack of this name has another one.
    const life = new RandomId(`${name}-life`, { byteLength: 4 }, within);
    const identifier = pulumi.interpolate`${pulumi.getStack()}-${name}-${life.hex}`;
    // RDS writes to groups of these names, and makes ones that keep everything for ever, and stay, where there are none.
    const logs = DATABASE_LOGS.map(
      (log) =>
        new aws.cloudwatch.LogGroup(
          `${name}-${log}`,
          {
            name: identifier.apply((id) => databaseLogGroup(id, log)),
            retentionInDays: args.logDays,
          },
          within,
        ),
    );
    const instance = new aws.rds.Instance(
      name,
      {
        identifier,
        engine: "postgres",
        // The major version alone: RDS takes minor ones by itself, which is no change then.
        engineVersion: "16",
        instanceClass: args.instanceClass,
        allocatedStorage: args.storage,
        maxAllocatedStorage: args.storage * MOST_GROWTH,
        storageType: "gp3",
        storageEncrypted: true,
        dbName: args.name,
        username: args.user,
        password,
        dbSubnetGroupName: subnets.name,
        vpcSecurityGroupIds: [group.id],
        parameterGroupName: parameters.name,
        publiclyAccessible: false,
        caCertIdentifier: "rds-ca-rsa2048-g1",
        iamDatabaseAuthenticationEnabled: true,
        multiAz: args.multiAz,
        backupRetentionPeriod: args.backupDays,
        // In UTC, before people come to work in Europe and after they have gone in America.
        backupWindow: "03:00-03:30",
        maintenanceWindow: "sun:04:00-sun:05:00",
        autoMinorVersionUpgrade: true,
        copyTagsToSnapshot: true,
        deleteAutomatedBackups: !args.protect,
        enabledCloudwatchLogsExports: [...DATABASE_LOGS],
        deletionProtection: args.deletionProtection,
        skipFinalSnapshot: !args.finalSnapshot,
        finalSnapshotIdentifier: args.finalSnapshot
          ? pulumi.interpolate`${pulumi.getProject()}-${pulumi.getStack()}-${life.hex}`
          : undefined,
      },
      // A size that it has grown to is no change, and one that AWS knows by another name keeps it.
      { ...keep, dependsOn: logs, ignoreChanges: ["allocatedStorage", "identifier"] },
    );
    this.databaseName = args.name;
    this.user = args.user;
    this.groupId = group.id;
    this.host = instance.address;
    this.instanceId = instance.identifier;
    this.secretArn = keptSecret(
      `${name}-url`,
      "URL of the database",
      pulumi.interpolate`postgresql://${args.user}:${password}@${instance.address}:${PORT}/${args.name}?sslmode=require`,
      this,
    );
    this.registerOutputs({ host: this.host, secretArn: this.secretArn });
  }

  /** Lets the members of a security group connect. */
  letIn(client: string, groupId: pulumi.Input<string>): void {
    letInto(this.groupId, client, groupId, this);
  }
}

/** Lets the members of one security group, a client's, connect to the databases in another one. */
export function letInto(
  databaseGroupId: pulumi.Input<string>,
  client: string,
  groupId: pulumi.Input<string>,
  parent: pulumi.Resource,
): void {
  new aws.vpc.SecurityGroupIngressRule(
    `database-from-${client}`,
    {
      securityGroupId: databaseGroupId,
      referencedSecurityGroupId: groupId,
      ipProtocol: "tcp",
      fromPort: PORT,
      toPort: PORT,
      description: client,
    },
    { parent },
  );
}
