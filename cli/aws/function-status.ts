/** How the services' functions fare, and which version of each is asked, with its log. */
import { GetAliasCommand, GetFunctionConfigurationCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { LIVE } from "../../components/aws/live-alias.ts";
import type { PartStatus } from "../carrier.ts";
import { asked, orIfMissing } from "./asked.ts";
import type { LogPlace } from "./cloudwatch-log.ts";
import type { ServiceParts } from "./parts.ts";

/** @param name function and version, such as `shop-api-0badcafe:7`; Lambda's streams hold the version as `[7]` */
export function functionLog(group: string, name: string): LogPlace {
  return { group, stream: `[${name.split(":").at(-1)}]` };
}

/** One line for each version that is asked: two of them while a release comes. */
export async function functionStatuses(
  lambda: LambdaClient,
  services: readonly ServiceParts[],
): Promise<PartStatus[]> {
  const all = await Promise.all(services.map((one) => statusesOf(lambda, one)));
  return all.flat().sort((a, b) => a.part.localeCompare(b.part) || a.name.localeCompare(b.name));
}

async function statusesOf(
  lambda: LambdaClient,
  { service, functionName }: ServiceParts,
): Promise<PartStatus[]> {
  const alias = await orIfMissing(
    lambda.send(new GetAliasCommand({ FunctionName: functionName, Name: LIVE })),
  );
  const { FunctionVersion: main } = alias ?? {};
  if (main === undefined) return [{ name: functionName, part: service, status: "not there", version: null }];
  const others = Object.entries(alias?.RoutingConfig?.AdditionalVersionWeights ?? {});
  const rest = others.reduce((share, [, weight]) => share - weight, 1);
  return Promise.all(
    [[main, rest] as const, ...others].map(async ([version, share]) => {
      const { State, Description, LastUpdateStatus } = await asked(
        lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName, Qualifier: version })),
      );
      const failed = LastUpdateStatus === "Failed" ? ", the last change failed" : "";
      return {
        name: `${functionName}:${version}`,
        part: service,
        status: `${State ?? "Unknown"}, ${Math.round(share * 100)} % of the requests${failed}`,
        version: Description ?? null,
      };
    }),
  );
}
