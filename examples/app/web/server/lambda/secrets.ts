/**
 * Secrets at AWS: the variable NAME_ARN says where in Secrets Manager the secret NAME is; no variable holds one.
 *
 * Asked once, when a function starts, by one signed request for each. aws4fetch signs and tries again, and is one file; AWS'
 * own client is a few hundred.
 */
import { AwsClient } from "aws4fetch";
import { SettingsError } from "../../lib/settings.ts";
import type { Environment } from "../../lib/settings.ts";

const SUFFIX = "_ARN";
const ARN = /^arn:(aws[a-z-]*):secretsmanager:([a-z0-9-]+):\d+:secret:./;
const RETRIES = 2;
/** Of all tries together; Lambda gives a start ten seconds. */
const TIMEOUT_MS = 6000;

/** The value of NAME for each NAME_ARN. Throws a SettingsError with every secret that cannot be had. */
export async function readSecrets(environment: Environment): Promise<Record<string, string>> {
  const problems: string[] = [];
  const given = Object.entries(environment).flatMap(([variable, arn = ""]) =>
    variable.endsWith(SUFFIX) && ARN.test(arn) ? [{ name: variable.slice(0, -SUFFIX.length), arn }] : [],
  );
  const read = given.map(async ({ name, arn }): Promise<[string, string]> => {
    const twice = [name, `${name}_FILE`].find((other) => environment[other]);
    if (twice !== undefined)
      problems.push(`${name}${SUFFIX}: ${twice} is set too; needs only one of the two`);
    try {
      return [name, await readSecret(environment, arn)];
    } catch (error) {
      const { cause = error } = error as Error;
      const reason = cause instanceof Error ? cause.message : String(cause);
      problems.push(`${name}${SUFFIX}: is "${arn}"; needs a secret that can be read (${reason})`);
      return [name, ""];
    }
  });
  const secrets = Object.fromEntries(await Promise.all(read));
  if (problems.length > 0) throw new SettingsError(problems.sort());
  return secrets;
}

async function readSecret(environment: Environment, arn: string): Promise<string> {
  const [, partition = "", region = ""] = ARN.exec(arn) ?? [];
  const client = new AwsClient({
    accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
    sessionToken: environment["AWS_SESSION_TOKEN"] ?? "",
    service: "secretsmanager",
    region,
    retries: RETRIES,
  });
  const response = await client.fetch(endpoint(environment, partition, region), {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "secretsmanager.GetSecretValue",
    },
    body: JSON.stringify({ SecretId: arn }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = (await response.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
  if (!response.ok) {
    const kind = String(answer["__type"] ?? response.status)
      .split("#")
      .pop();
    throw new Error(`${kind}: ${String(answer["message"] ?? answer["Message"] ?? "no reason given")}`);
  }
  if (typeof answer["SecretString"] !== "string") throw new Error("it holds no text");
  return answer["SecretString"];
}

/** Where Secrets Manager is: AWS_ENDPOINT_URL leads to an emulator, as it does AWS' own clients. */
function endpoint(environment: Environment, partition: string, region: string): string {
  const given = environment["AWS_ENDPOINT_URL_SECRETS_MANAGER"] || environment["AWS_ENDPOINT_URL"];
  return given || `https://secretsmanager.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`;
}
