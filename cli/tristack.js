#!/usr/bin/env node
// Plain JavaScript, so that an old Node gets a sentence and not a syntax error from a TypeScript file.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const NEEDED = [22, 18];

function tooOld() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]);
}

if (tooOld()) {
  // The project brings its own Node; the variable stops a second attempt if that one is too old as well.
  const own = join(
    import.meta.dirname ?? new URL(".", import.meta.url).pathname,
    "../node_modules/.bin/node",
  );
  if (existsSync(own) && !process.env.TRISTACK_OWN_NODE) {
    const result = spawnSync(own, process.argv.slice(1), {
      stdio: "inherit",
      env: { ...process.env, TRISTACK_OWN_NODE: "1" },
    });
    process.exit(result.status ?? 1);
  }
  console.error(
    `Tristack needs Node ${NEEDED.join(".")} or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      "Run `npm ci` in this folder (it brings its own Node) and use `npx tristack`.",
  );
  process.exit(1);
}

await import("./preload.cjs");
const { main } = await import("./main.ts");
await main(process.argv);
// Once all is said: what a library has left open, such as the Automation API its server when it fails early, would keep
// a command that has ended alive for ever.
process.stdout.write("", () => process.stderr.write("", () => process.exit()));
