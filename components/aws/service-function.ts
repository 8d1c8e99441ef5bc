/** One service of the application as a function of Lambda, and the alias that requests go to. */
import * as pulumi from "@pulumi/pulumi";
import type { AwsSettings, Service } from "../settings.ts";
import { mebibytes, seconds } from "../shared/units.ts";
import { goingOut } from "./going-out.ts";
import type { HealthGate } from "./health-gate.ts";
import { LIVE } from "./live-alias.ts";
import { roleOf, writesTo } from "./policy-document.ts";
import * as aws from "./sdk.ts";

export interface ServiceFunctionArgs {
  settings: Service;
  architecture: AwsSettings["architecture"];
  /** Image in ECR, with tag or digest. */
  image: string;
  /** Version of the release. */
  version: string;
  environment: Readonly<Record<string, string>>;
  /** ARNs in Secrets Manager by name: the function gets them as NAME_ARN, never the secrets. */
  secretArns: Readonly<Record<string, pulumi.Input<string>>>;
  subnetIds: readonly pulumi.Input<string>[];
  vpcId: pulumi.Input<string>;
  /** Security group that lets nothing through: it takes the function's place while that is deleted. */
  closedGroupId: pulumi.Input<string>;
  /** Longest time of a request. */
  timeout: string;
  /** Days that its log is kept. */
  logDays: number;
  /** What has to be done before this version can be healthy, such as its migration. */
  before?: pulumi.Input<pulumi.Resource>[];
  /** What lets no request go to a version that is not. */
  gate: HealthGate;
  /** Whether the alias stays where it is: `tristack deploy` moves it step by step. */
  shiftedLater: boolean;
}

export class ServiceFunction extends pulumi.ComponentResource {
  readonly functionName: pulumi.Output<string>;
  readonly functionArn: pulumi.Output<string>;
  readonly alias: aws.lambda.Alias;
  /** Security group that it is in. */
  readonly groupId: pulumi.Output<string>;

  constructor(name: string, args: ServiceFunctionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:ServiceFunction", name, {}, opts);
    const within = { parent: this };
    const { settings } = args;
    const groupId = goingOut(name, args.vpcId, `What the service ${name} reaches`, this);
    const logs = new aws.cloudwatch.LogGroup(name, { retentionInDays: args.logDays }, within);
    const role = this.#role(name, args, logs);
    const { lambda } = settings;
    const commands = lambda?.command ?? settings.command;
    const made = new aws.lambda.Function(
      name,
      {
        packageType: "Image",
        imageUri: args.image,
        imageConfig:
          commands || lambda?.entryPoint ? { commands, entryPoints: lambda?.entryPoint } : undefined,
        description: args.version,
        publish: true,
        role,
        architectures: [args.architecture],
        memorySize: mebibytes(settings.memory),
        timeout: seconds(args.timeout),
        environment: { variables: variablesOf(args) },
        vpcConfig: { subnetIds: [...args.subnetIds], securityGroupIds: [groupId] },
        // Otherwise its network interfaces hold the group for up to 45 min: pulumi-aws#2642, #4392.
        replaceSecurityGroupsOnDestroy: true,
        replacementSecurityGroupIds: [args.closedGroupId],
        loggingConfig: { logFormat: "Text", logGroup: logs.name },
        tracingConfig: { mode: "PassThrough" },
      },
      within,
    );
    this.alias = new aws.lambda.Alias(
      name,
      { name: LIVE, functionName: made.name, functionVersion: made.version },
      {
        ...within,
        dependsOn: [args.gate.check(name, made, settings.health, args.before ?? [])],
        ignoreChanges: args.shiftedLater ? ["functionVersion", "routingConfig"] : [],
      },
    );
    this.functionName = made.name;
    this.functionArn = made.arn;
    this.groupId = groupId;
    this.registerOutputs({ functionName: made.name });
  }

  #role(
    name: string,
    { secretArns }: ServiceFunctionArgs,
    logs: aws.cloudwatch.LogGroup,
  ): pulumi.Output<string> {
    const arns = Object.values(secretArns);
    return roleOf(
      name,
      "lambda.amazonaws.com",
      [
        writesTo(logs),
        {
          // Lambda asks before there is one, and for all at once: AWS takes no names here.
          Sid: "BeInTheNetwork",
          Action: [
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
          ],
          Resource: "*",
        },
        ...(arns.length > 0
          ? [{ Sid: "ReadItsSecrets", Action: ["secretsmanager:GetSecretValue"], Resource: arns }]
          : []),
      ],
      this,
    );
  }
}

/** The Lambda Web Adapter's, as its README has them, the service's own, and where its secrets are. */
function variablesOf({ settings, environment, secretArns }: ServiceFunctionArgs) {
  return {
    ...(settings.port === undefined
      ? {}
      : { AWS_LWA_PORT: String(settings.port), AWS_LWA_READINESS_CHECK_PATH: settings.health.path }),
    ...environment,
    ...Object.fromEntries(Object.entries(secretArns).map(([name, arn]) => [`${name}_ARN`, arn])),
  };
}
