/** Plain Pulumi beside the command: previews without changes, and a change that touches what it must and no more. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LABEL } from "../../../components/shared/labels.ts";
import { type Ran, succeeded } from "../../support/e2e-command.ts";
import { containers } from "../../support/e2e-engine.ts";
import { Load, figures } from "../../support/e2e-load.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

/** The part of `pulumi preview --json` that counts here. */
interface Plan {
  readonly steps: readonly { readonly op: string; readonly urn: string }[];
}

const PREVIEW = ["preview", "--stack", "local"];

describe("npx pulumi preview", () => {
  let site: Workspace;

  before(async () => {
    site = await started("preview");
  });
  after(() => site?.dispose());

  const unchanged = async (): Promise<Ran> =>
    succeeded(await site.pulumi([...PREVIEW, "--expect-no-changes"]));

  it("shows 0 changes right after the start", async () => {
    const { seconds } = await unchanged();
    console.log(`      preview without changes ${seconds.toFixed(1)} s`);
  });

  it("shows 0 changes after a refresh, which finds none in Docker either", async () => {
    const { all } = succeeded(await site.pulumi(["refresh", "--stack", "local", "--yes"]));
    assert.match(all, /docker:index:Container proxy/, "everything was read");
    // The stack's reference to itself is read anew: it holds the outputs of the update before.
    assert.deepEqual(all.match(/^ ~ +(docker|random):\S+ \S+ updated.*$/gm) ?? [], []);
    await unchanged();
  });

  it("breaks no rule of the policy pack, which is really asked", async () => {
    const pack = ["--policy-pack", "policy/run"];
    const { all } = succeeded(await site.pulumi([...PREVIEW, ...pack]));
    assert.match(all, /Policies:\n\s+✅ tristack@v0\.1\.0/);
    const rule = join(site.root, "policy", "rules", "docker.ts");
    const text = await readFile(rule, "utf8");
    // A rule that every container breaks stops the preview.
    await writeFile(rule, text.replace("props.privileged !== true &&", "props.privileged === true &&"));
    const refused = await site.pulumi([...PREVIEW, ...pack]);
    await writeFile(rule, text);
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.all, /\[mandatory\]\s+docker-not-privileged/);
  });

  it("shows a change that is there", async () => {
    await site.change((settings) => settings.set(["services", "web", "environment", "MARK"], "seen"));
    const ran = await site.pulumi([...PREVIEW, "--expect-no-changes"]);
    assert.notEqual(ran.exitCode, 0);
    assert.match(ran.all, /no changes were expected/);
    await site.change((settings) => settings.set(["services", "web", "environment", "MARK"], undefined));
    await unchanged();
  });

  it("of one service's environment plans its containers and the switch alone", async () => {
    await site.change((settings) => settings.set(["services", "api", "environment", "MARK"], "one"));
    const plan = JSON.parse(succeeded(await site.pulumi([...PREVIEW, "--json"])).stdout) as Plan;
    const changed = plan.steps.filter((step) => step.op !== "same" && step.op !== "read");
    const names = changed.map(({ op, urn }) => `${op} ${kindOf(urn)}`).sort();
    assert.deepEqual(names, ["create api", "create api", "delete api", "delete api", "replace switch"]);
  });

  it("is what the update then does, and no request fails meanwhile", async () => {
    const before = await identities();
    const load = new Load(site.origin);
    const ran = await site.start(["--no-build"]);
    // Long enough to see requests on connections that were open at the switch.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const report = await load.stop();
    console.log(`      ${figures(report)}; the update ${ran.seconds.toFixed(1)} s`);
    succeeded(ran);

    const after = await identities();
    const touched = [
      ...new Set([...difference(before, after), ...difference(after, before)].map(([, name]) => name)),
    ];
    assert.deepEqual(touched.sort(), ["api", "switch"]);
    const apis = [...after.values()].filter((name) => name === "api");
    assert.equal(apis.length, 2, "the former two are gone");

    assert.deepEqual(report.failures, []);
    assert.deepEqual(report.unexpected, []);
    assert.ok(report.requests > 100, figures(report));
    assert.equal(report.releases.length, 2, "the load ran across the switch");
    await unchanged();
  });
});

/** `api` of the URN of one of its containers, `switch` of the switch's. */
function kindOf(urn: string): string {
  const name = urn.split("::").pop() ?? "";
  return /^(web|api)-.+-[0-9a-f]{8}-\d+$/.exec(name)?.[1] ?? name;
}

/** Resource name by container id. */
async function identities(): Promise<Map<string, string>> {
  return new Map((await containers()).map((one) => [one.Id, one.Config.Labels[LABEL.resource] ?? one.Name]));
}

function difference(one: Map<string, string>, other: Map<string, string>): [string, string][] {
  return [...one].filter(([id]) => !other.has(id));
}
