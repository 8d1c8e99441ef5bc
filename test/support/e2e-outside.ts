/** The world outside of the stack, as its containers reach it: a webhook that remembers, and a door that breaks. */
import { type IncomingMessage, type Server as HttpServer, createServer as createHttp } from "node:http";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { docker } from "./e2e-engine.ts";

/** Address of this machine as containers of any network see it. */
export async function hostAddress(): Promise<string> {
  const format = "{{with index .IPAM.Config 0}}{{.Subnet}} {{.Gateway}}{{end}}";
  const [subnet = "", gateway] = (await docker("network", "inspect", "bridge", "--format", format)).split(
    " ",
  );
  // An engine that found its bridge there when it started tells no gateway: it is the first address.
  return gateway || subnet.replace(/\.0\/\d+$/, ".1");
}

/** What was sent to the webhook. */
export interface Message {
  readonly path: string;
  readonly text: string;
}

/** Takes whatever comes; refuses with 500 as often as it is told to. */
export class Webhook {
  readonly messages: Message[] = [];
  /** Requests still to be refused. */
  refuse = 0;
  refused = 0;
  readonly port: number;
  readonly #server: HttpServer;

  private constructor(server: HttpServer, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async open(): Promise<Webhook> {
    const server = createHttp();
    const port = await listening(server);
    const hook = new Webhook(server, port);
    server.on("request", (request, response) => {
      void bodyOf(request).then((body) => {
        if (hook.refuse > 0) {
          hook.refuse -= 1;
          hook.refused += 1;
          response.writeHead(500).end();
          return;
        }
        hook.messages.push({
          path: request.url ?? "",
          text: body === "" ? "" : textOf(JSON.parse(body) as SlackMessage),
        });
        response.end("ok");
      });
    });
    return hook;
  }

  /** Messages of a path since `from`. */
  of(path: string, from = 0): string[] {
    return this.messages.slice(from).flatMap((one) => (one.path === path ? [one.text] : []));
  }

  /** The first message of that path and text since `from`. */
  async wait(path: string, text: RegExp, from: number, seconds = 60): Promise<string> {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(200)) {
      const found = this.of(path, from).find((one) => text.test(one));
      if (found !== undefined) return found;
    }
    throw new Error(
      `no ${path} with ${text} in ${seconds} s; there were: ${JSON.stringify(this.messages.slice(from))}`,
    );
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface SlackMessage {
  readonly text?: string;
  readonly attachments?: readonly { readonly title?: string; readonly text?: string }[];
}

/** What a person reads of a message to Slack: its text, or that of its attachments. */
function textOf(message: SlackMessage): string {
  const attached = (message.attachments ?? []).map(({ title = "", text = "" }) => `${title}: ${text}`);
  return [message.text ?? "", ...attached].filter((one) => one !== "").join("\n");
}

/** A way to another port that can answer 500, or nothing at all. */
export class Door {
  /** Connections that came while it was not open. */
  turnedAway = 0;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #mode: "open" | "error" | "hang" = "open";

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  get mode() {
    return this.#mode;
  }

  /** Who has come in before and keeps the connection for later questions has to come again. */
  set mode(mode: "open" | "error" | "hang") {
    this.#mode = mode;
    for (const socket of this.#sockets) socket.destroy();
  }

  static async to(port: number): Promise<Door> {
    const server = createServer();
    const door = new Door(server, await listening(server));
    server.on("connection", (client) => door.#answer(client, port));
    return door;
  }

  #answer(client: Socket, port: number): void {
    this.#sockets.add(client);
    client.on("error", () => client.destroy());
    client.on("close", () => this.#sockets.delete(client));
    if (this.mode === "open") {
      const server = connect(port, "127.0.0.1");
      server.on("error", () => client.destroy());
      client.on("close", () => server.destroy());
      server.on("close", () => client.destroy());
      client.pipe(server);
      server.pipe(client);
      return;
    }
    this.turnedAway += 1;
    if (this.mode === "hang") return void client.resume();
    client.resume();
    client.once("data", () =>
      client.end("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    );
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function listening(server: Server | HttpServer): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "0.0.0.0", resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request) text += String(part);
  return text;
}
