/** A program of a stand-in image that is built from Go modules: Debian has no package of it. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { failed } from "../cli/errors.ts";
import { type Log, onPath, paced, run } from "./command.ts";
import type { Part } from "./image-parts.ts";
import { cacheFolder, source } from "./paths.ts";
import type { ImageName } from "./pins.ts";

/** The Go program in an image's own folder. What decides what it is lies there: the version says nothing more. */
export function goProgram(image: ImageName): Part {
  return { name: "program", version: "Go", fetch: (log) => build(image, log) };
}

async function build(image: ImageName, log: Log): Promise<string> {
  if (!(await onPath("go"))) {
    throw failed(
      `${image} cannot be pulled here and has to be built, but there is no Go: install Go 1.25 or newer (https://go.dev/doc/install)`,
    );
  }
  const program = cacheFolder(`${image}-program`);
  const cache = cacheFolder("go-build-images");
  const say = paced(log);
  let compiled = 0;
  const onLine = (line: string) => {
    if (!line.includes(" ")) say(`${image}: compiled ${++compiled} packages`);
  };
  const args = ["build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"];
  await run("go", [...args, "-o", join(program, image), "."], {
    cwd: source("images", image),
    env: { GOCACHE: cache, GOWORK: "off", CGO_ENABLED: "0" },
    onLine,
    what: `go build of ${image}`,
  });
  rmSync(cache, { recursive: true, force: true });
  return join(program, image);
}
