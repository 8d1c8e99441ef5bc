/** Secrets in moto, and keys that may read them: once there are any, it checks each signature, which it does not by default. */
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { type Moto, REGION } from "./e2e-moto.ts";

const NOBODY = { accessKeyId: "e2e", secretAccessKey: "e2e" };
const ROLE = "function";

/** ARN of each secret by name. */
export async function keepSecrets(
  { port }: Moto,
  secrets: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new SecretsManagerClient({ endpoint, region: REGION, credentials: NOBODY });
  const arns: Record<string, string> = {};
  for (const [Name, SecretString] of Object.entries(secrets)) {
    const { ARN = "" } = await client.send(new CreateSecretCommand({ Name, SecretString }));
    arns[Name] = ARN;
  }
  client.destroy();
  return arns;
}

/** The variables that Lambda gives a function: keys of its role, for a while. From now on nobody else is answered. */
export async function keysOfRole(moto: Moto, action: string): Promise<Record<string, string>> {
  const call = (service: string, parameters: Record<string, string>) =>
    moto.ask(service, `/?${new URLSearchParams(parameters).toString()}`);
  const policy = (statement: object) =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
  const iam = { Version: "2010-05-08", RoleName: ROLE };
  const trust = policy({ Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" });
  await call("iam", { ...iam, Action: "CreateRole", AssumeRolePolicyDocument: trust });
  const allowed = policy({ Action: action, Resource: "*" });
  await call("iam", { ...iam, Action: "PutRolePolicy", PolicyName: "all", PolicyDocument: allowed });
  const text = await call("sts", {
    Version: "2011-06-15",
    Action: "AssumeRole",
    RoleArn: `arn:aws:iam::123456789012:role/${ROLE}`,
    RoleSessionName: "function",
  });
  const valueOf = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1] ?? "";
  await moto.ask("moto", "/moto-api/reset-auth", "0");
  return {
    AWS_ACCESS_KEY_ID: valueOf("AccessKeyId"),
    AWS_SECRET_ACCESS_KEY: valueOf("SecretAccessKey"),
    AWS_SESSION_TOKEN: valueOf("SessionToken"),
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${moto.port}`,
  };
}
