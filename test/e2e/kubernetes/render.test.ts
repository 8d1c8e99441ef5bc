/** The real Kustomize makes of what `tristack render` writes exactly what the program would make. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { type Manifest, sorted } from "../../../cli/render/manifests.ts";
import type { RenderedStack } from "../../../cli/render/stacks.ts";
import { kubectl } from "../../../toolchain/cluster/kubectl.ts";
import { CLUSTER_TOOLS } from "../../../toolchain/pins.ts";
import { ensureTools } from "../../../toolchain/pulumi.ts";
import { exampleSettings, otherSettings, rendered } from "../../support/rendered.ts";
import type { Config } from "../../support/settings.ts";

const CANARY = { strategy: "canary", analysis: { prometheus: "http://prometheus.monitoring:9090" } };

describe("rendered stacks", () => {
  let scratch: string;
  before(async () => {
    await ensureTools([CLUSTER_TOOLS.kubernetes], (line) => console.log(`    ${line}`));
    scratch = mkdtempSync(join(tmpdir(), "tristack-e2e-render-"));
  });
  after(() => rmSync(scratch, { recursive: true }));

  const cases: Record<string, Record<string, Config>> = {
    "the example's two": { staging: exampleSettings("staging"), production: exampleSettings("production") },
    "one alone": { production: exampleSettings("production") },
    "one of them delivered by canary": {
      staging: exampleSettings("staging"),
      production: { ...exampleSettings("production"), delivery: CANARY },
    },
    "some that have little in common": {
      other: otherSettings(),
      production: exampleSettings("production"),
      staging: { ...exampleSettings("staging"), release: { version: "v2" } },
    },
  };
  for (const [title, settings] of Object.entries(cases))
    it(`become what the program would make: ${title}`, async () => {
      const folder = join(scratch, title.replaceAll(/\W/g, "-"));
      for (const stack of await rendered(folder, settings)) await assertSame(folder, stack);
    });
});

async function assertSame(folder: string, { stack, objects }: RenderedStack): Promise<void> {
  const { failed, stdout, stderr } = await kubectl(["kustomize", join(folder, "overlays", stack)]);
  assert.ok(!failed, stderr);
  assert.equal(stderr, "", "nothing is deprecated");
  const built = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
  assert.ok(objects.length > 20);
  assert.deepEqual(sorted(built), sorted(objects), stack);
}
