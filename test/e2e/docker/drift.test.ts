/** `tristack drift` on a real stack: quiet while nothing is wrong, and exact about what is; looking changes nothing. */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DriftOutput } from "../../support/drift-output.ts";
import { PROJECT } from "../../support/e2e-clone.ts";
import { type Ran, ended, run, succeeded } from "../../support/e2e-command.ts";
import { containerOf, containers, containersOf, docker, inside } from "../../support/e2e-engine.ts";
import { killEngine, nextEngine } from "../../support/e2e-kill.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

const CLEAN_RUNS = 5;
const MIGRATE = ["services", "api", "migrate"];

describe("tristack drift", () => {
  let site: Workspace;
  /** What was said of the three planted changes. */
  let planted: Ran;

  before(async () => {
    site = await started("drift");
  });
  after(() => site?.dispose());

  const drift = (...more: string[]): Promise<Ran> => site.tristack(["drift", "local", ...more]);
  const seen = (ran: Ran) => {
    const [only] = (JSON.parse(ran.stdout) as DriftOutput).stacks;
    assert.ok(only, ran.all);
    return only;
  };
  const findings = (ran: Ran) => seen(ran).findings;
  const kinds = (ran: Ran) => findings(ran).map(({ kind, resource }) => `${kind} ${resource}`);

  async function clean(): Promise<void> {
    const ran = succeeded(await drift("--json"));
    assert.deepEqual(findings(ran), []);
    assert.equal(seen(ran).drifted, false);
  }

  /** Everything that looking could have changed: the state, locks, containers, networks, the proxy's files. */
  async function everything() {
    const state = join(site.root, ".tristack", "state");
    const files = (await readdir(state, { recursive: true, withFileTypes: true })).filter((one) =>
      one.isFile(),
    );
    const contents = files.map(async (one) => {
      const path = join(one.parentPath, one.name);
      return [path, await readFile(path, "utf8")] as const;
    });
    const label = ["--filter", `label=dev.tristack.project=${PROJECT}`];
    return {
      state: Object.fromEntries(await Promise.all(contents)),
      settings: await readFile(join(site.root, "Pulumi.local.yaml"), "utf8"),
      containers: (await containers())
        .map(({ Id, State, HostConfig, NetworkSettings }) => ({
          ...{ Id, status: State.Status, started: State.StartedAt, memory: HostConfig.Memory },
          networks: Object.keys(NetworkSettings.Networks).sort(),
        }))
        .sort((a, b) => (a.Id < b.Id ? -1 : 1)),
      networks: await docker("network", "ls", "--no-trunc", "--quiet", ...label),
      volumes: await docker("volume", "ls", "--quiet", ...label),
      proxy: await inside("proxy", "sh", "-c", "cd /conf && find . -type f -exec sha256sum {} + | sort"),
    };
  }

  it(`finds nothing in ${CLEAN_RUNS} runs where nothing is wrong, and changes nothing`, async () => {
    const before = await everything();
    const seconds: string[] = [];
    for (let run = 0; run < CLEAN_RUNS; run += 1) {
      const ran = succeeded(await drift("--json"));
      seconds.push(ran.seconds.toFixed(1));
      assert.deepEqual(findings(ran), []);
    }
    console.log(`      ${seconds.join(", ")} s`);
    assert.deepEqual(await everything(), before);
  });

  it("finds three of three things that a hand has changed, each with old and new, and changes nothing", async () => {
    const [web] = await containersOf("web");
    const proxy = await containerOf("proxy");
    assert.ok(web);
    await docker("rm", "--force", web.Id);
    const own = ["--filter", `label=dev.tristack.project=${PROJECT}`];
    const networks = (await docker("network", "ls", "--format", "{{.Name}}", ...own)).split("\n");
    const backend = networks.find((name) => name.includes("backend"));
    assert.ok(backend);
    await docker("network", "connect", backend, proxy.Id);
    await docker("update", "--memory", "300m", "--memory-swap", "300m", proxy.Id);
    const edit = "s/keepalive_timeout .*/keepalive_timeout 7s; # token=hunter22/";
    const folder = "/conf/releases/$(cat /conf/current)";
    await inside(
      "proxy",
      "sh",
      "-c",
      `sed -i "${edit}" ${folder}/nginx.conf && sed -i 1d ${folder}/upstreams`,
    );

    const before = await everything();
    planted = ended(await drift("--json"), 1);
    assert.deepEqual(await everything(), before, "looking changes nothing");
    assert.deepEqual(
      kinds(planted).map((one) => one.replace(/web-.*/, "web")),
      [
        "missing docker Container web",
        "changed docker Container proxy",
        "changed docker Container proxy",
        "changed docker Volume proxy-configuration",
      ],
    );
    const properties = findings(planted).flatMap((one) => one.properties);
    const at = (wanted: string) => properties.find(({ path }) => path === wanted);
    assert.deepEqual([at("memory")?.before, at("memory")?.after], [256, 300]);
    assert.equal(at("networks")?.after, backend);
    assert.match(String(at("nginx.conf")?.before), /^keepalive_timeout 65s/);
    assert.equal(at("nginx.conf")?.after, "[secret]");
    assert.match(String(at("upstreams")?.before), /^api /);
  });

  it("tells them in the text of an issue, without what looks like a secret", async () => {
    const { stdout } = ended(await drift("--markdown"), 1);
    assert.ok(stdout.length <= 64_000);
    assert.match(stdout, /^## Drift\n\n### `local` \(vps\)/);
    assert.match(stdout, /- \*\*missing\*\* `docker Container web-/);
    assert.match(stdout, /`memory`: `256` → `300`/);
    assert.doesNotMatch(stdout, /hunter22/);
  });

  it("names the commands that mend them", async () => {
    for (const command of new Set(findings(planted).map(({ mend }) => mend))) {
      const typed = command.replace(/^npx pulumi .*$/, "$& --yes --skip-preview --non-interactive");
      succeeded(await site.run("sh", ["-c", typed], { env: site.exports }));
    }
    await clean();
    assert.equal((await site.ask("/api/items")).status, 200);
  });

  it("finds nothing after another release", async () => {
    await site.change((settings) => settings.set(["services", "api", "environment", "MARK"], "next"));
    const pending = ended(await drift("--json"), 1);
    assert.ok(
      kinds(pending).every((one) => one.startsWith("pending ")),
      kinds(pending).join("\n"),
    );
    assert.ok(
      kinds(pending).some((one) => /^pending docker Container api-/.test(one)),
      pending.all,
    );
    succeeded(await site.start(["--no-build"]));
    await clean();
  });

  it("finds a container that was stopped, or left by somebody else, and says what to do", async () => {
    const redis = await containerOf("redis");
    await docker("stop", redis.Id);
    const labels = ["project=" + PROJECT, "stack=local", "resource=web"].flatMap((one) => [
      "--label",
      `dev.tristack.${one}`,
    ]);
    await docker("create", "--name", `${PROJECT}-stray`, ...labels, "--network", "none", redis.Config.Image);
    const ran = ended(await drift("--json"), 1);
    assert.deepEqual(kinds(ran), [
      "stopped docker Container redis",
      `unrecorded docker container ${PROJECT}-stray`,
    ]);
    for (const { mend } of findings(ran)) succeeded(await run("sh", ["-c", mend], { cwd: site.root }));
    await clean();
  });

  it("names who updates the stack meanwhile, which is no failure", async () => {
    await site.change((settings) =>
      settings.set(MIGRATE, ["sh", "-c", "sleep 25; exec python -m alembic upgrade head"]),
    );
    const update = site.start(["--no-build"]);
    const engine = await nextEngine(site.root, update, ["up"]);
    assert.ok(engine);
    const ran = succeeded(await drift("--json"));
    assert.match(seen(ran).held ?? "", new RegExp(`\\(pid ${engine.pid}\\)`));
    assert.deepEqual(findings(ran), []);
    succeeded(await update);
    await clean();
  });

  it("finds what a killed update has left, and leaves it to the next one", async () => {
    await site.change((settings) =>
      settings.set(MIGRATE, ["sh", "-c", "sleep 9; exec python -m alembic upgrade head"]),
    );
    const update = site.start(["--no-build"]);
    assert.ok(await killEngine(site.root, update, 8, true, ["up"]), "the engine was killed");
    await update;
    const ran = ended(await drift("--json"), 1);
    assert.ok(
      kinds(ran).some((one) => one.startsWith("interrupted lock of local")),
      kinds(ran).join("\n"),
    );
    succeeded(await site.start(["--no-build"]));
    await clean();
  });

  it("refuses a stack that is not there", async () => {
    const ran = ended(await site.tristack(["drift", "nowhere", "staging"]), 2);
    assert.match(ran.stderr, /stack nowhere[^]*no stack staging/);
  });
});
