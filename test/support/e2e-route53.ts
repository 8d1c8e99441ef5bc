/**
 * Route 53 as far as it can be had: moto (e2e-moto.ts). What is written to its zone is
 * what the DNS server of e2e-pebble.ts answers, before whoever wrote it hears that it is done.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startMoto } from "./e2e-moto.ts";
import type { Dns } from "./e2e-pebble.ts";

const API = "/2013-04-01/hostedzone";
/** moto tells its services apart by what a request is signed for; it checks no signature. */
const SIGNED =
  "AWS4-HMAC-SHA256 Credential=e2e/20261124/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0";

export class Route53 {
  readonly port: number;
  /** Access keys of those who asked. */
  readonly keys = new Set<string>();
  /** Names of records that were written, also of those that are gone again. */
  readonly written = new Set<string>();
  readonly #moto: string;
  readonly #dns: Dns;
  readonly #server: Server;
  readonly #stop: () => Promise<void>;

  private constructor(moto: number, dns: Dns, server: Server, stop: () => Promise<void>) {
    this.port = (server.address() as AddressInfo).port;
    this.#moto = `http://127.0.0.1:${moto}`;
    this.#dns = dns;
    this.#server = server;
    this.#stop = stop;
    server.on("request", (request, response) => void this.#pass(request, response));
  }

  /** With one zone. @param zone such as `e2e.test` */
  static async start(zone: string, dns: Dns): Promise<Route53> {
    const moto = await startMoto();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    const route53 = new Route53(moto.port, dns, server, moto.stop);
    await route53.#addZone(zone);
    return route53;
  }

  async #addZone(zone: string): Promise<void> {
    const body = `<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>${zone}.</Name><CallerReference>e2e</CallerReference></CreateHostedZoneRequest>`;
    for (let tries = 0; ; tries += 1) {
      const answer = await this.#ask(API, "POST", body).catch(() => undefined);
      if (answer?.status === 201) return;
      if (tries > 300) throw new Error(`moto did not get ready: ${String(answer?.status)}`);
      await sleep(100);
    }
  }

  async #ask(path: string, method = "GET", body?: string): Promise<Response> {
    return fetch(this.#moto + path, { method, body, headers: { authorization: SIGNED } });
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { authorization = "" } = request.headers;
    this.keys.add(/Credential=([^/]*)/.exec(authorization)?.[1] ?? "");
    const { method = "GET", url = "/" } = request;
    const body = parts.length > 0 ? Buffer.concat(parts) : undefined;
    const answer = await fetch(this.#moto + url, { method, body, headers: { authorization } });
    const text = await answer.text();
    if (method === "POST" && url.includes("/rrset")) await this.#publish(url);
    response.writeHead(answer.status, { "content-type": "text/xml" }).end(text);
  }

  /** What the zone has by now, to the DNS server. */
  async #publish(url: string): Promise<void> {
    const text = await (await this.#ask(url.replace(/\/rrset.*/, "/rrset"))).text();
    const sets = [...text.matchAll(/<ResourceRecordSet>(.*?)<\/ResourceRecordSet>/gs)].map(
      ([, set = ""]) => set,
    );
    const records = new Map<string, string[]>([...this.written].map((name) => [name, []]));
    for (const set of sets.filter((one) => one.includes("<Type>TXT</Type>"))) {
      const name = /<Name>(.*?)<\/Name>/.exec(set)?.[1] ?? "";
      const values = [...set.matchAll(/<Value>(.*?)<\/Value>/g)].map(([, value = ""]) => value);
      records.set(
        name,
        values.map((value) => value.replaceAll(/^("|&quot;)|("|&quot;)$/g, "")),
      );
      this.written.add(name);
    }
    for (const [name, values] of records) await this.#dns.text(name, values);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#stop();
  }
}
