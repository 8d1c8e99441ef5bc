/**
 * What answers at a stack's domain, where API Gateway and Lambda run nothing: it asks moto where the alias of a function
 * leads, by its weights, and answers what the test says of that version. Its certificate is of its own authority.
 */
import { createServer } from "node:https";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { run, succeeded } from "./e2e-command.ts";
import { type Moto, withName } from "./e2e-moto.ts";

export interface Edge {
  /** Variables with which Node trusts it. */
  readonly env: Readonly<Record<string, string>>;
  /** Answers by version of the function. */
  readonly answered: ReadonlyMap<string, number>;
  readonly stop: () => Promise<void>;
}

interface EdgeOptions {
  readonly moto: Moto;
  readonly domain: string;
  /** For its key. */
  readonly folder: string;
  /** Name of the function whose alias is asked for; undefined while there is none. */
  readonly functionName: () => Promise<string | undefined>;
  /** Status that a version answers. */
  readonly statusOf: (version: string) => number;
}

interface Alias {
  readonly FunctionVersion: string;
  readonly RoutingConfig?: { readonly AdditionalVersionWeights?: Readonly<Record<string, number>> } | null;
}

export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { domain, folder, statusOf } = options;
  const file = (name: string) => join(folder, name);
  const made = [
    "-keyout",
    file("edge.key"),
    "-out",
    file("edge.pem"),
    "-days",
    "2",
    "-subj",
    `/CN=${domain}`,
  ];
  const kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-addext", `subjectAltName=DNS:${domain}`];
  succeeded(await run("openssl", ["req", ...kind, ...made], { cwd: folder }));
  const [key, cert] = await Promise.all([readFile(file("edge.key")), readFile(file("edge.pem"))]);
  const answered = new Map<string, number>();
  const server = createServer({ key, cert }, (_, response) => {
    void versionAsked(options)
      .catch(() => undefined)
      .then((version) => {
        if (version === undefined) return response.writeHead(503).end();
        answered.set(version, (answered.get(version) ?? 0) + 1);
        return response.writeHead(statusOf(version), { "content-type": "text/plain" }).end(version);
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(443, "127.0.0.1", resolve);
  });
  const forget = await withName(domain);
  const stop = async () => {
    await forget();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { env: { NODE_EXTRA_CA_CERTS: file("edge.pem") }, answered, stop };
}

async function versionAsked({ moto, functionName }: EdgeOptions): Promise<string | undefined> {
  const name = await functionName();
  if (name === undefined) return undefined;
  const alias = JSON.parse(await moto.ask("lambda", `/2015-03-31/functions/${name}/aliases/live`)) as Alias;
  let left = Math.random();
  for (const [version, weight] of Object.entries(alias.RoutingConfig?.AdditionalVersionWeights ?? {})) {
    left -= weight;
    if (left < 0) return version;
  }
  return alias.FunctionVersion;
}
