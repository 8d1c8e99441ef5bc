/** What AWS, Docker and Vercel would answer, where a program runs without them. */

type Answers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** To questions, by token. */
export const CALLS: Answers = {
  "aws:ec2/getAmi:getAmi": { id: "ami-debian" },
  "aws:index/getAvailabilityZones:getAvailabilityZones": { names: ["zone-a", "zone-b", "zone-c"] },
  "aws:index/getRegion:getRegion": { region: "eu-central-1" },
  "aws:index/getCallerIdentity:getCallerIdentity": { accountId: "123456789012" },
  "aws:route53/getZone:getZone": { zoneId: "zone" },
  "vercel:index/getDomainConfig:getDomainConfig": {
    recommendedCname: "0123456789abcdef.vercel-dns-0.com",
    recommendedIpv4s: ["192.0.2.1"],
  },
};

/** What it adds to a resource, by type. */
const MADE: Answers = {
  // Without it nothing would come after a migration.
  "docker:index/container:Container": { exitCode: 0, containerLogs: "" },
  "aws:acm/certificate:Certificate": {
    domainValidationOptions: [
      {
        resourceRecordName: "_proof.example.com",
        resourceRecordType: "CNAME",
        resourceRecordValue: "acm.example.com",
      },
    ],
  },
  "aws:apigatewayv2/api:Api": { apiEndpoint: "https://api.execute-api.example.com", executionArn: "arn:api" },
  "aws:rds/instance:Instance": { address: "database.example.com" },
  "random:index/randomId:RandomId": { hex: "0badcafe" },
  "aws:ecr/repository:Repository": {
    repositoryUrl: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop",
  },
  "aws:eks/cluster:Cluster": {
    endpoint: "https://cluster.example.com",
    certificateAuthority: { data: "Y2VydGlmaWNhdGU=" },
  },
};

/** What the stack exports whose network and database instance another one in the region uses. */
export function sharedIn(region: string | undefined) {
  return {
    database: {
      engine: "postgresql",
      version: "16",
      host: "database.example.com",
      port: 5432,
      name: "app",
      user: "app",
      secretRef: "aws-sm:arn:aws:secretsmanager:eu-central-1:123456789012:secret/database-url",
    },
    shared: {
      region,
      vpcId: "network",
      publicSubnetIds: ["public-0", "public-1"],
      privateSubnetIds: ["private-0", "private-1"],
      leadsOut: false,
      closedGroupId: "closed",
      jobsGroupId: "jobs",
      databaseGroupId: "database",
    },
  };
}

/** @returns what is known of it besides its inputs. */
export function madeOf(type: string, name: string): Readonly<Record<string, unknown>> {
  return { ...(type.startsWith("aws:") ? { arn: arnOf(type, name) } : {}), ...MADE[type] };
}

export function arnOf(type: string, name: string): string {
  const [, service = "", resource = ""] = type.split(/[:/]/);
  // As AWS writes them: what follows from a function's name is made of its ARN.
  const separator = service === "lambda" ? ":" : "/";
  return `arn:aws:${service}:eu-central-1:123456789012:${resource}${separator}${name}`;
}
