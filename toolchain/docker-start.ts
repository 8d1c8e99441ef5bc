/** Starts dockerd: as a service where systemd runs, else detached, with a log and a pid file in the cache folder. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { failed } from "../cli/errors.ts";
import { type Log, run } from "./command.ts";
import { lastLines, lives, spawnDetached } from "./detached.ts";
import { cacheFolder } from "./paths.ts";

const START_SECONDS = 60;

/** Starts the engine and waits until `answers` says so. Needs root. */
export async function startEngine(log: Log, answers: () => Promise<boolean>): Promise<void> {
  if (existsSync("/run/systemd/system")) {
    log("starting the service docker");
    await run("systemctl", ["enable", "--now", "docker"], { what: "systemctl start docker" });
    if (await within(START_SECONDS, answers)) return;
    throw failed("the service docker was started but does not answer: see `journalctl -u docker`");
  }
  log("starting dockerd");
  await removeLeftovers();
  const logFile = cacheFolder("docker", "dockerd.log");
  // Only warnings: so the log stays small.
  const files = { log: logFile, pid: cacheFolder("docker", "dockerd.pid") };
  const pid = spawnDetached(["dockerd", "--log-level", "warn"], files);
  const started = await within(START_SECONDS, async () => {
    if (!lives(pid)) throw failed(`dockerd ended at once:\n${lastLines(logFile)}`);
    return answers();
  });
  if (!started)
    throw failed(`dockerd was started but did not answer within ${START_SECONDS} s:\n${lastLines(logFile)}`);
}

/**
 * What a killed dockerd leaves behind keeps the next one from starting: pid files whose number belongs to another
 * process by now, and a containerd socket that nobody listens on.
 */
async function removeLeftovers(): Promise<void> {
  for (const [file, program] of [
    ["/var/run/docker.pid", "dockerd"],
    ["/var/run/docker/containerd/containerd.pid", "containerd"],
  ] as const) {
    if (existsSync(file) && programOf(readFileSync(file, "utf8").trim()) !== program)
      rmSync(file, { force: true });
  }
  for (const socket of ["/run/containerd/containerd.sock", "/var/run/docker/containerd/containerd.sock"]) {
    if (existsSync(socket) && !(await listens(socket))) rmSync(socket, { force: true });
  }
}

function programOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}

function listens(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", () => resolve(false));
  });
}

async function within(seconds: number, done: () => Promise<boolean>): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await done()) return true;
    await sleep(500);
  }
  return false;
}
