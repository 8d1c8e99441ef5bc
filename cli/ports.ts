/** Whether a port of this machine is free, and who has it otherwise. */
import { readFile, readdir, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import type { Docker, OwnedContainer } from "./docker.ts";

export interface PortInUse {
  readonly port: number;
  /** "container other-nginx", "process 812 (nginx)", "another process". */
  readonly by: string;
}

/** Those of `ports` that something other than the stack's own containers has. */
export async function portsInUse(
  ports: readonly number[],
  own: readonly OwnedContainer[],
  docker: Docker,
): Promise<PortInUse[]> {
  const published = new Set(own.filter((one) => one.running).flatMap((one) => one.ports));
  const foreign = ports.filter((port) => !published.has(port));
  const found = await Promise.all(foreign.map(async (port) => ({ port, by: await holder(port, docker) })));
  return found.flatMap(({ port, by }) => (by === undefined ? [] : [{ port, by }]));
}

async function holder(port: number, docker: Docker): Promise<string | undefined> {
  const container = await docker.publisher(port);
  if (container !== undefined) return `container ${container}`;
  return (await isFree(port)) ? undefined : ((await listener(port)) ?? "another process");
}

/** By trying; a port that only root may open counts as free, since Docker is root. */
export async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The process that listens, where Linux tells: its socket's number in /proc, then who has that socket open. */
async function listener(port: number): Promise<string | undefined> {
  if (process.platform !== "linux") return undefined;
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
  );
  const sockets = new Set(
    tables.flatMap((table) => listeningSockets(table, port)).map((inode) => `socket:[${inode}]`),
  );
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const open = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const fd of open) {
      if (!sockets.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ""))) continue;
      const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
      return `process ${pid} (${name.trim()})`;
    }
  }
  return undefined;
}

const LISTENING = "0A";

/** Socket numbers in the text of /proc/net/tcp. */
export function listeningSockets(table: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const matches = fields[1]?.endsWith(`:${hex}`) && fields[3] === LISTENING;
    return matches && fields[9] !== undefined ? [fields[9]] : [];
  });
}
