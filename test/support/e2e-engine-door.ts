/** Another way to the same Docker Engine: a socket of our own that passes everything on and counts it. */
import { createServer, connect, type Server, type Socket } from "node:net";
import { docker } from "./e2e-engine.ts";

export class EngineDoor {
  /** For DOCKER_HOST. */
  readonly url: string;
  /** Connections that came. */
  connections = 0;
  /** Containers that were created through it. */
  created = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, engine: string) {
    this.url = `unix://${path}`;
    this.#server = createServer((client) => this.#pass(client, engine));
  }

  /** @param path of the socket; short, since the system allows about a hundred characters */
  static async open(path: string): Promise<EngineDoor> {
    const host =
      process.env.DOCKER_HOST ??
      (await docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}"));
    if (!host.startsWith("unix://"))
      throw new Error(`Docker is at ${host}; this test needs one behind a unix socket`);
    const door = new EngineDoor(path, host.slice("unix://".length));
    await new Promise<void>((resolve, reject) => {
      door.#server.once("error", reject);
      door.#server.listen(path, resolve);
    });
    return door;
  }

  #pass(client: Socket, engine: string): void {
    this.connections += 1;
    const server = connect(engine);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
    // A request's head comes in one piece, and bodies hold no such line.
    client.on("data", (part: Buffer) => {
      if (/^POST \S*\/containers\/create/m.test(part.toString("latin1"))) this.created += 1;
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
