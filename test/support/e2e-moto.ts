/** AWS as far as it can be had: moto (moto.txt) from PyPI, in an environment of its own, with nothing in it but what a test makes. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { cacheFolder } from "../../toolchain/paths.ts";
import { REPOSITORY, run, succeeded } from "./e2e-command.ts";
import { freePort } from "./e2e-workspace.ts";

export interface Moto {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** Seconds that it may take to answer. */
const START_SECONDS = 60;

/** @param env such as MOTO_AMIS_PATH: https://docs.getmoto.org/en/latest/docs/configuration/environment_variables.html */
export async function startMoto(env: Record<string, string> = {}): Promise<Moto> {
  const python = await environment();
  const port = await freePort();
  const moto = execa(join(python, "bin", "moto_server"), ["-H", "127.0.0.1", "-p", String(port)], {
    env,
    reject: false,
    buffer: false,
    stdio: "ignore",
  });
  const stop = async () => {
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
  return { port, stop };
}

/** A Python environment with moto, made once. */
async function environment(): Promise<string> {
  const requirements = join(import.meta.dirname, "moto.txt");
  const hash = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const folder = cacheFolder("test-tools", `moto-${hash}`);
  if (existsSync(join(folder, "made"))) return folder;
  console.log("      installing moto, once");
  rmSync(folder, { recursive: true, force: true });
  const python = async (...args: string[]) =>
    succeeded(await run(args[0] ?? "", args.slice(1), { cwd: REPOSITORY, timeoutSeconds: 900 }));
  await python("python3", "-m", "venv", folder);
  await python(
    join(folder, "bin", "pip"),
    "install",
    "--no-deps",
    "--only-binary",
    ":all:",
    "-r",
    requirements,
  );
  // The paths inside are absolute, so it cannot be moved into place whole: a mark says that it is.
  writeFileSync(join(folder, "made"), "");
  return folder;
}
