/** A stack on a host that is reached over ssh, with the host's key pinned: a real sshd with its own limits. */
import assert from "node:assert/strict";
import { delimiter } from "node:path";
import { ended, environment, succeeded } from "../../support/e2e-command.ts";
import { containers, leftovers } from "../../support/e2e-engine.ts";
import { deploy, resultOf, serving, tagVersions, untagVersions } from "../../support/e2e-releases.ts";
import { type Counts, Sshd, forgetKeys } from "../../support/e2e-sshd.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

const REFUSED =
  /127\.0\.0\.1 is not the host that host\.hostKey names: it shows one with the fingerprint SHA256:\S+\. It was not connected to, and nothing was changed\./;

const VARIABLE = ["services", "web", "environment", "OVER"];

describe("a stack over ssh", () => {
  let site: Workspace;
  let sshd: Sshd;

  before(async () => {
    site = await started("ssh", async (workspace) => {
      sshd = await Sshd.start(await workspace.folder("sshd"));
      await settle(workspace, await sshd.key("host"));
    });
  });
  after(async () => {
    await untagVersions(["v1", "v2"]);
    if (sshd) await forgetKeys([await sshd.key("host"), await sshd.key("other")]);
    await site?.dispose();
    await sshd?.stop();
  });

  async function settle(workspace: Workspace, hostKey: string | undefined): Promise<void> {
    const host = { docker: sshd.address, sshOptions: sshd.options, hostKey };
    await workspace.change((settings) => settings.set(["host"], JSON.parse(JSON.stringify(host))));
  }

  const ids = async () => (await containers()).map((one) => one.Id).sort();

  /** How many connections and sessions something took; no connection may have been turned away. */
  async function counted<T>(what: string, work: () => Promise<T>, before?: Counts): Promise<T> {
    const from = before ?? (await sshd.counts());
    const result = await work();
    const to = await sshd.counts();
    const [sessions, logins, dropped] = [
      to.sessions - from.sessions,
      to.logins - from.logins,
      to.dropped - from.dropped,
    ];
    console.log(`      ${what}: ${sessions} sessions in ${logins} logins, ${dropped} turned away`);
    assert.ok(sessions > 0, "it went over ssh");
    assert.equal(dropped, 0);
    return result;
  }

  it("is brought up through it, within sshd's usual limits", async () => {
    const none = { logins: 0, sessions: 0, dropped: 0, apart: 0 };
    await counted("start", () => Promise.resolve(), none);
    assert.equal((await site.ask("/api/items")).status, 200);
  });

  it("has nothing to change afterwards, for plain Pulumi as well", () =>
    counted("preview with refresh", async () => {
      const args = ["preview", "--stack", "local", "--expect-no-changes", "--refresh"];
      succeeded(await site.pulumi(args));
    }));

  it("is changed by plain Pulumi, as many resources at once as it likes", () =>
    counted("up", async () => {
      await site.change((settings) => settings.set(VARIABLE, "ssh"));
      succeeded(await site.pulumi(["up", "--stack", "local", "--yes", "--skip-preview"]));
      assert.equal((await site.ask("/")).status, 200);
    }));

  it("takes far fewer logins than it would without a shared connection", async () => {
    const logins = async (...more: string[]) => {
      await site.change((settings) => settings.set(["host", "sshOptions"], [...sshd.options, ...more]));
      const before = await sshd.counts();
      succeeded(await site.tristack(["status", "local"]));
      const after = await sshd.counts();
      return after.logins - before.logins;
    };
    const first = await logins("-o", "ControlPersist=30");
    const then = await logins("-o", "ControlPersist=30");
    const alone = await logins("-o", "ControlPath=none");
    await settle(site, await sshd.key("host"));
    console.log(`      logins of a status: ${first}, then ${then}; not shared ${alone}`);
    assert.ok(first < alone && then === 0 && alone > 5, `${first}, ${then}, ${alone}`);
  });

  it("is deployed to, asked and read", async () => {
    await tagVersions(["v1"]);
    await site.change((settings) => settings.set(["release"], undefined));
    const result = await counted("deploy", async () =>
      resultOf(succeeded(await deploy(site, "v1", "--bake", "5"))),
    );
    assert.equal(result.lastDeploy.proof.failed, 0);
    assert.ok((await serving()).every((one) => one.Config.Image.endsWith(":v1")));
    const status = await counted("status", async () =>
      succeeded(await site.tristack(["status", "local", "--json"])),
    );
    assert.match(status.stdout, /"v1"/);
    const logs = await counted("logs", async () => succeeded(await site.tristack(["logs", "local", "api"])));
    assert.match(logs.stdout, /api/);
    assert.match(succeeded(await site.tristack(["releases", "local", "--json"])).stdout, /"v1"/);
  });

  it("is reached by every docker command of this machine", async () => {
    const folders = (environment().PATH ?? "").split(delimiter);
    const found = new Map<string, string>();
    for (const folder of folders) {
      const ran = await site.run("sh", ["-c", `[ -x ${folder}/docker ] && ${folder}/docker --version`]);
      if (ran.exitCode === 0) found.set(ran.stdout.trim(), folder);
    }
    assert.ok(found.size > 0);
    for (const [version, folder] of found) {
      console.log(`      ${version} (${folder})`);
      const env = { PATH: [folder, ...folders].join(delimiter) };
      await counted("status", async () => succeeded(await site.tristack(["status", "local"], { env })));
    }
  });

  it("prints the key to pin, and says whether it is the one", async () => {
    const { key, pinned } = await readKey(0);
    assert.deepEqual([key, pinned], [await sshd.key("host"), true]);
    await settle(site, await sshd.key("other"));
    assert.equal((await readKey(1)).pinned, false);
    await settle(site, await sshd.key("host"));
  });

  async function readKey(exitCode: number) {
    const ran = ended(await site.tristack(["host", "key", "local", "--json"]), exitCode);
    const { hostKey, pinned } = JSON.parse(ran.stdout) as { hostKey: string; pinned: boolean };
    return { key: hostKey, pinned };
  }

  for (const [what, name, message] of [
    ["another key than the pinned one", "other", REFUSED],
    [
      "no pinned key, and not among the known hosts",
      undefined,
      /127\.0\.0\.1 is not among the known hosts\. It was not connected to/,
    ],
  ] as const) {
    it(`is refused with ${what}: one sentence, and nothing is changed`, async () => {
      const before = await ids();
      await settle(site, name && (await sshd.key(name)));
      const { logins } = await sshd.counts();
      try {
        for (const args of [
          ["status", "local"],
          ["deploy", "local", "--version", "v2"],
          ["rollback", "local"],
          ["maintenance", "on", "local"],
          ["logs", "local"],
          ["destroy", "local", "--yes"],
          ["host", "prepare", "local"],
        ]) {
          const { stderr } = ended(await site.tristack(args), 2);
          const [error = "", ...more] = stderr.slice(stderr.indexOf("error: ")).trim().split("\n");
          assert.match(error, message, args.join(" "));
          assert.deepEqual(more, [], args.join(" "));
        }
        await site.change((settings) => settings.set(VARIABLE, what));
        const up = await site.pulumi(["up", "--stack", "local", "--yes", "--skip-preview"]);
        assert.notEqual(up.exitCode, 0);
        assert.match(up.all, /Host key verification failed/);
        assert.equal((await sshd.counts()).logins, logins, "nobody logged in");
      } finally {
        await settle(site, await sshd.key("host"));
        await site.change((settings) => settings.set(VARIABLE, "ssh"));
      }
      assert.deepEqual(await ids(), before);
      assert.equal((await site.ask("/api/items")).status, 200);
    });
  }

  it("is destroyed through it", async () => {
    await counted("destroy", async () => succeeded(await site.tristack(["destroy", "local", "--yes"])));
    const { containers: left, networks, volumes } = await leftovers("local");
    assert.deepEqual([left, networks, volumes], [[], [], []]);
  });
});
