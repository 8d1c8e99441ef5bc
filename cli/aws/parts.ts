/** What a stack at AWS is made of, by the names that AWS gave: read from its state. */
import type { Deployment } from "../recovery.ts";

export interface Parts {
  readonly services: readonly ServiceParts[];
  readonly apiId: string | undefined;
  /** Names of those that tell of requests. */
  readonly alarms: readonly string[];
  readonly distributionId: string | undefined;
  readonly assetsBucket: string | undefined;
  /** The instance of RDS; undefined where it is another stack's. */
  readonly databaseId: string | undefined;
}

/** What the database is called as a part of the stack, as on other targets. */
export const DATABASE = "postgres";

export interface ServiceParts {
  readonly service: string;
  readonly functionName: string;
  /** The version that the last update published. */
  readonly version: string;
  /** Group of its log. */
  readonly log: string;
}

/** Its alarms look back for a quarter of an hour, and neither a full disk nor a backup that failed is a release's fault. */
const OF_THE_DATABASE = /::alarm-(database|backup)-[a-z]+$/;

type Resource = NonNullable<Deployment["resources"]>[number];

export function partsOf({ resources = [] }: Deployment): Parts {
  const of = (type: string) => resources.filter((one) => one.type === type && !("delete" in one));
  const text = (resource: Resource | undefined, key: string) => {
    const value = resource?.outputs?.[key];
    return typeof value === "string" ? value : undefined;
  };
  // Every service has an alias, and functions of our own have none.
  const services = of("aws:lambda/alias:Alias").flatMap((alias) => {
    const functionName = text(alias, "functionName");
    const made = of("aws:lambda/function:Function").find((one) => text(one, "name") === functionName);
    const version = text(made, "version");
    if (functionName === undefined || version === undefined) return [];
    const { logGroup } = (made?.outputs?.loggingConfig ?? {}) as { logGroup?: string };
    const service = alias.urn.split("::").at(-1) ?? "";
    return [{ service, functionName, version, log: logGroup ?? `/aws/lambda/${functionName}` }];
  });
  const assets = of("aws:s3/bucket:Bucket").find(({ urn }) => urn.endsWith("::cdn-assets"));
  return {
    services,
    apiId: text(of("aws:apigatewayv2/api:Api")[0], "id"),
    alarms: of("aws:cloudwatch/metricAlarm:MetricAlarm")
      .filter(({ urn }) => !OF_THE_DATABASE.test(urn))
      .flatMap((one) => text(one, "name") ?? []),
    distributionId: text(of("aws:cloudfront/distribution:Distribution")[0], "id"),
    assetsBucket: text(assets, "id"),
    databaseId: text(of("aws:rds/instance:Instance")[0], "identifier"),
  };
}
