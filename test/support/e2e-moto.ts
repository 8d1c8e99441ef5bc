/**
 * AWS as far as it can be had: moto (moto.txt) from PyPI, with nothing in it but what a test makes. What it gets wrong is
 * mended in moto_mended.py.
 */
import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { pythonTool } from "./e2e-python.ts";
import { freePort } from "./free-port.ts";

export interface Moto {
  readonly port: number;
  /** What it answers: it tells its services apart by what a request is signed for, and checks no signature. */
  readonly ask: (service: string, path: string, body?: string, method?: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Where the tests' stacks are. */
export const REGION = "eu-central-1";
/** Seconds that it may take to answer. */
const START_SECONDS = 60;

/** @param env such as MOTO_AMIS_PATH: https://docs.getmoto.org/en/latest/docs/configuration/environment_variables.html */
export async function startMoto(env: Record<string, string> = {}): Promise<Moto> {
  const python = await pythonTool("moto", "python");
  const port = await freePort();
  const server = join(import.meta.dirname, "moto_mended.py");
  const moto = execa(python, [server, "-H", "127.0.0.1", "-p", String(port)], {
    env,
    reject: false,
    buffer: false,
    stdio: "ignore",
  });
  const forget = await withName(S3_CONTROL);
  const stop = async () => {
    await forget();
    moto.kill();
    await moto;
  };
  for (const began = Date.now(); ; await sleep(100)) {
    const answer = await fetch(`http://127.0.0.1:${port}/moto-api/data.json`).catch(() => undefined);
    if (answer?.ok) break;
    if (Date.now() - began < START_SECONDS * 1000) continue;
    await stop();
    throw new Error(`moto did not answer within ${START_SECONDS} s`);
  }
  console.log("      AWS: moto 5.2.5");
  const ask = async (
    service: string,
    path: string,
    body?: string,
    method = body === undefined ? "GET" : "POST",
  ) => {
    const authorization = `AWS4-HMAC-SHA256 Credential=e2e/20261124/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization },
      body,
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${path}: ${answer.status} ${text}`);
    return text;
  };
  // Functions of Docker images would be pulled and run: what they do is not asked here.
  await ask("moto", "/moto-api/config", JSON.stringify({ lambda: { use_docker: false } }));
  return { port, ask, stop };
}

/** Variables that lead Pulumi and its plugin to it. */
export function envOf({ port }: Moto): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: `http://localhost:${port}`,
    // An address has no subdomains: buckets are in the path.
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: "e2e",
    AWS_SECRET_ACCESS_KEY: "e2e",
  };
}

/** Makes the hosted zone that stacks have their names in. */
export function hostedZone({ ask }: Moto, name: string): Promise<string> {
  return ask(
    "route53",
    "/2013-04-01/hostedzone",
    `<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>${name}.</Name><CallerReference>e2e</CallerReference></CreateHostedZoneRequest>`,
  );
}

/** The provider asks for a bucket's tags at this name: moto's account before the host. */
const S3_CONTROL = "123456789012.localhost";
const HOSTS = "/etc/hosts";

/** Makes a name lead to this machine. @returns what takes it back */
export async function withName(name: string): Promise<() => Promise<void>> {
  const line = `127.0.0.1 ${name}`;
  const lines = async () => (await readFile(HOSTS, "utf8")).split("\n");
  if ((await lines()).includes(line)) return () => Promise.resolve();
  await appendFile(HOSTS, `${line}\n`);
  return async () => writeFile(HOSTS, (await lines()).filter((one) => one !== line).join("\n"));
}
