/** Traps of the provider that only a real engine shows, by the numbers of docs/traps.md. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { LABEL } from "../../../components/shared/labels.ts";
import { succeeded } from "../../support/e2e-command.ts";
import { type Container, containers, docker, inside } from "../../support/e2e-engine.ts";
import { Load, figures } from "../../support/e2e-load.ts";
import { serving } from "../../support/e2e-releases.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

interface Plan {
  readonly steps: readonly { readonly op: string; readonly urn: string }[];
}

interface Resource {
  readonly urn: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
}

interface Exported {
  readonly deployment: { readonly resources: Resource[] };
}

describe("traps of the provider, on a real engine", () => {
  let site: Workspace;

  before(async () => {
    site = await started("traps");
  });
  after(() => site?.dispose());

  /** What the engine would do where the state differs from the program in one input: a change of this program. */
  async function planAfter(name: string, edit: (values: Record<string, unknown>) => void): Promise<string[]> {
    const { stdout: original } = succeeded(await site.pulumi(["stack", "export", "--stack", "local"]));
    const changed = JSON.parse(original) as Exported;
    // A component has the name of its first child.
    const own = (urn: string) => urn.includes("docker:index/") && urn.endsWith(`::${name}`);
    const resource = changed.deployment.resources.find(({ urn }) => own(urn));
    assert.ok(resource, name);
    for (const values of [resource.inputs, resource.outputs]) edit(values);
    const restore = (text: string) => site.pulumi(["stack", "import", "--stack", "local"], { input: text });
    succeeded(await restore(JSON.stringify(changed)));
    try {
      const { stdout } = succeeded(await site.pulumi(["preview", "--stack", "local", "--json"]));
      const { steps } = JSON.parse(stdout) as Plan;
      return steps.flatMap(({ op, urn }) => (own(urn) && op !== "same" ? [op] : []));
    } finally {
      succeeded(await restore(original));
    }
  }

  it("1: a container that is deleted has its time to answer what it was asked", async () => {
    // 10 seconds of work, begun on the old release just before it goes.
    const long = site.ask("/api/slow?ms=10000", { timeoutSeconds: 30 });
    await site.change((settings) => settings.set(["services", "api", "environment", "MARK"], "next"));
    succeeded(await site.start(["--no-build"]));
    assert.equal((await long).status, 200);
  });

  it("8: a new health check of a container with a fixed name replaces it, where Docker would go on with the old one", async () => {
    const ops = await planAfter("redis", (values) => {
      (values.healthcheck as Record<string, unknown>).interval = "9s";
    });
    assert.ok(ops.includes("replace") || ops.some((op) => op.startsWith("delete")), ops.join());
    assert.ok(!ops.includes("update"), ops.join());
  });

  it("8: a new health check of a service reaches all of its containers", async () => {
    await site.change((settings) => settings.set(["services", "web", "health", "interval"], "7s"));
    succeeded(await site.start(["--no-build"]));
    const webs = (await serving()).filter((one) => one.Config.Labels[LABEL.service] === "web");
    assert.equal(webs.length, 2);
    for (const { Id } of webs) {
      assert.equal(await docker("inspect", "--format", "{{.Config.Healthcheck.Interval}}", Id), "7s");
    }
  });

  it("9: limits of memory show no change in a preview, and none after a refresh", async () => {
    succeeded(await site.pulumi(["preview", "--stack", "local", "--refresh", "--expect-no-changes"]));
  });

  it("13: other labels of a volume with data never replace it", async () => {
    const ops = await planAfter("postgres-data", (values) => {
      for (const label of values.labels as { value: string }[]) label.value += "-of-an-older-program";
    });
    assert.deepEqual(ops, []);
  });

  it("19: nginx finds containers that come back with other addresses, while the others answer", async () => {
    const load = new Load(site.origin);
    const webs = (await serving()).filter((one) => one.Config.Labels[LABEL.service] === "web");
    for (const web of webs) await move(web);
    const moved = (await containers()).filter((one) => webs.some(({ Id }) => Id === one.Id));
    const addresses = moved.map(addressOf);
    assert.ok(
      addresses.every((address) => !webs.map(addressOf).includes(address)),
      addresses.join(),
    );
    await sleep(3000);
    const upstreams = await inside("proxy", "cat", "/run/tristack/live/upstreams.conf");
    for (const address of addresses) assert.ok(upstreams.includes(`server ${address}:3000`), upstreams);
    for (let request = 0; request < 6; request += 1) assert.equal((await site.ask("/")).status, 200);
    const report = await load.stop();
    console.log(`      ${figures(report)}`);
    assert.deepEqual(report.failures, []);
  });

  /** Stops a container, lets it join its network anew, which gives it the next address, and starts it again. */
  async function move(web: Container): Promise<void> {
    const [[network, { Aliases: aliases }] = ["", { Aliases: [] }]] = Object.entries(
      web.NetworkSettings.Networks,
    );
    // Docker adds the short id by itself.
    const own = (aliases ?? []).filter((alias) => !web.Id.startsWith(alias));
    await docker("stop", "--time", "40", web.Id);
    await docker("network", "disconnect", network, web.Id);
    await docker("network", "connect", ...own.flatMap((alias) => ["--alias", alias]), network, web.Id);
    await docker("start", web.Id);
    for (let second = 0; ; second += 1) {
      const state = await docker("inspect", "--format", "{{.State.Health.Status}}", web.Id);
      if (state === "healthy") return;
      assert.ok(second < 60, `${web.Name} is ${state}`);
      await sleep(1000);
    }
  }
});

function addressOf(one: Container): string {
  return Object.values(one.NetworkSettings.Networks)[0]?.IPAddress ?? "";
}
