/**
 * The stand-in for Vercel's SDK against the package itself: its record is current, and the graph is the same with both.
 * Nothing here reaches Vercel, and its plugin is not needed.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PACKAGE, VERSION } from "../../../components/vercel/sdk.ts";
import { REPOSITORY, run, succeeded } from "../../support/e2e-command.ts";
import { formOf } from "../../support/vercel-form.ts";

const GRAPH = "test/contract/vercel-graph.test.ts";

describe("the package that a web on Vercel needs", () => {
  let scratch: string;
  let folder: string;
  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), "tristack-vercel-"));
    succeeded(await run("npm", ["pack", `${PACKAGE}@${VERSION}`], { cwd: scratch }));
    const modules = join(scratch, "node_modules");
    folder = join(modules, PACKAGE);
    mkdirSync(folder, { recursive: true });
    const archive = `${PACKAGE.slice(1).replace("/", "-")}-${VERSION}.tgz`;
    succeeded(await run("tar", ["-xzf", archive, "-C", folder, "--strip-components=1"], { cwd: scratch }));
    // It has to find our copy of Pulumi's SDK, which holds the mocks.
    symlinkSync(join(REPOSITORY, "node_modules", "@pulumi"), join(modules, "@pulumi"));
  });
  after(() => rmSync(scratch, { recursive: true }));

  it("has the form that was recorded", () => {
    const record = readFileSync(new URL("../../support/vercel-sdk.json", import.meta.url), "utf8");
    assert.deepEqual(formOf(folder), JSON.parse(record));
  });

  it("makes the graph that the stand-in makes", async () => {
    const mocha = [join(REPOSITORY, "node_modules", "mocha", "bin", "mocha.js"), "--no-config"];
    const { all } = succeeded(
      await run(process.execPath, [...mocha, "--timeout", "60000", GRAPH], {
        cwd: REPOSITORY,
        env: { TRISTACK_VERCEL_SDK: folder },
      }),
    );
    assert.match(all, /^ +1\d passing/m);
  });
});
