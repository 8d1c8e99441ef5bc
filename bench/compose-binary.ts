/** Docker Compose, built from its Go module when a bench needs it, into the cache. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { badInput, failed } from "../cli/errors.ts";
import type { Say } from "../cli/progress.ts";
import { onPath, run } from "../toolchain/command.ts";
import { cacheFolder } from "../toolchain/paths.ts";
import { ROOT } from "./engine.ts";

const MODULE = "github.com/docker/compose/v5";
const SOURCE = join(ROOT, "bench", "compose");

export interface Compose {
  /** The executable. */
  readonly file: string;
  readonly version: string;
}

/** The pinned Compose: from the cache, or built now. */
export async function ensureCompose(say: Say): Promise<Compose> {
  const pins = ["go.mod", "go.sum"].map((name) => readFileSync(join(SOURCE, name), "utf8"));
  const version = pins[0]?.match(new RegExp(`^require ${MODULE} (v\\S+)$`, "m"))?.[1];
  if (version === undefined) throw failed(`bench/compose/go.mod does not require ${MODULE}`);
  const hash = createHash("sha256").update(pins.join("\0")).update(process.arch).digest("hex").slice(0, 12);
  const file = cacheFolder("bench", `docker-compose-${version}-${hash}`);
  if (!existsSync(file)) await build(file, version, say);
  return { file, version };
}

async function build(file: string, version: string, say: Say): Promise<void> {
  if (!(await onPath("go")))
    throw badInput("go: not installed; needs Go 1.26 or newer, to build Docker Compose from its module");
  const cache = cacheFolder("bench", "go-build");
  mkdirSync(cache, { recursive: true });
  const draft = `${file}.${process.pid}`;
  let compiled = 0;
  const flags = [
    "-v",
    "-mod=readonly",
    "-trimpath",
    "-buildvcs=false",
    "-ldflags",
    `-s -w -X ${MODULE}/internal.Version=${version}`,
  ];
  try {
    // Nice: it takes minutes, and nobody waits for it but a bench.
    await run("nice", ["go", "build", ...flags, "-o", draft, `${MODULE}/cmd`], {
      cwd: SOURCE,
      env: { GOCACHE: cache, GOWORK: "off", CGO_ENABLED: "0" },
      what: "go build of Docker Compose",
      onLine: (line) => say(`building Docker Compose ${version}, once: ${(compiled += 1)} packages, ${line}`),
    });
    const said = await run(draft, ["version", "--short"]);
    if (said.trim().replace(/^v?/, "v") !== version)
      throw failed(`Docker Compose, just built, says that it is ${said.trim()}; needs ${version}`);
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  rmSync(cache, { recursive: true, force: true });
}
