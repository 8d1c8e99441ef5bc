/** The whole of the document's Compose file, as Docker itself tells it: containers, limits, rights, networks. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { LABEL } from "../../../components/shared/labels.ts";
import { type Container, containerOf, containers, docker, inside } from "../../support/e2e-engine.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

const MIB = 2 ** 20;

/** What each container may use: CPUs and MiB of memory; docs/vps.md has the same figures. */
const LIMITS: Record<string, { cpu: number; memory: number }> = {
  web: { cpu: 1, memory: 1024 },
  api: { cpu: 1, memory: 1024 },
  postgres: { cpu: 2, memory: 2048 },
  redis: { cpu: 1, memory: 512 },
  proxy: { cpu: 2, memory: 256 },
  certificates: { cpu: 0.5, memory: 256 },
};

/** Capabilities that are not dropped: nginx's master starts workers as another user. */
const KEPT: Record<string, string[]> = { proxy: ["CAP_CHOWN", "CAP_SETGID", "CAP_SETUID"] };

const nameOf = (one: Container) => one.Config.Labels[LABEL.resource] ?? "";

/** Once Docker has run every health check; the switch asks by itself and does not wait for that. */
async function settled(): Promise<Container[]> {
  for (let second = 0; ; second += 1) {
    const all = await containers();
    if (second >= 30 || !all.some((one) => one.State.Health?.Status === "starting")) return all;
    await sleep(1000);
  }
}

describe("the containers of a stack", () => {
  let site: Workspace;
  let all: Container[];
  let running: Container[];

  before(async () => {
    site = await started("containers");
    all = await settled();
    running = all.filter((one) => one.State.Running);
  });
  after(() => site?.dispose());

  it("are two web, two api, PostgreSQL, Redis, nginx and the certificates", () => {
    const names = running.map(nameOf).sort();
    assert.deepEqual(names, ["api", "api", "certificates", "postgres", "proxy", "redis", "web", "web"]);
  });

  it("are healthy, wherever they have a health check", () => {
    const checked = running.filter((one) => one.State.Health !== undefined);
    assert.deepEqual(checked.map(nameOf).sort(), ["api", "api", "postgres", "proxy", "redis", "web", "web"]);
    for (const one of checked) assert.equal(one.State.Health?.Status, "healthy", nameOf(one));
  });

  it("have the document's limits of CPU and memory, and no swap", () => {
    for (const one of running) {
      const limit = LIMITS[nameOf(one)];
      assert.ok(limit, nameOf(one));
      assert.equal(one.HostConfig.CpuQuota / one.HostConfig.CpuPeriod, limit.cpu, nameOf(one));
      assert.equal(one.HostConfig.Memory, limit.memory * MIB, nameOf(one));
      assert.equal(one.HostConfig.MemorySwap, limit.memory * MIB, nameOf(one));
    }
  });

  it("have the memory limit that the kernel enforces", async () => {
    const read =
      "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes";
    assert.equal(await inside("postgres", "sh", "-c", read), String(2048 * MIB));
  });

  it("start again by themselves, but for those that run once", () => {
    for (const one of all) {
      const expected = one.State.Running ? "always" : "no";
      assert.equal(one.HostConfig.RestartPolicy.Name, expected, one.Name);
    }
  });

  it("that run once have succeeded: the migration, the copy of static files and the switch", () => {
    const ended = all.filter((one) => one.State.Status === "exited");
    assert.deepEqual(ended.map(nameOf).sort(), ["api-migration", "switch", "web-assets"]);
    for (const one of ended) assert.equal(one.State.ExitCode, 0, one.Name);
  });

  it("cannot write to their root filesystem", async () => {
    for (const one of [...running, ...all.filter((other) => other.State.Status === "exited")]) {
      assert.equal(one.HostConfig.ReadonlyRootfs, true, one.Name);
    }
    for (const one of running) {
      const wrote = await docker(
        "exec",
        "--user",
        "0:0",
        one.Id,
        "sh",
        "-c",
        "touch /written 2>/dev/null && echo yes || echo no",
      );
      assert.equal(wrote, "no", one.Name);
    }
  });

  it("have dropped every capability that they can do without, and gain no rights", () => {
    for (const one of all.filter((other) => other.State.Status !== "created")) {
      assert.equal(one.HostConfig.Privileged, false, one.Name);
      assert.deepEqual(one.HostConfig.CapDrop, ["ALL"], one.Name);
      assert.deepEqual([...(one.HostConfig.CapAdd ?? [])].sort(), KEPT[nameOf(one)] ?? [], one.Name);
      assert.deepEqual(one.HostConfig.SecurityOpt, ["no-new-privileges:true"], one.Name);
    }
  });

  it("run as another user than root, with two exceptions", async () => {
    const users: Record<string, string> = {};
    for (const one of running) users[nameOf(one)] = await docker("exec", one.Id, "id", "-u");
    assert.deepEqual({ web: users.web, api: users.api }, { web: "1000", api: "1000" });
    assert.notEqual(users.postgres, "0");
    assert.notEqual(users.redis, "0");
    const root = Object.keys(users).filter((name) => users[name] === "0");
    assert.deepEqual(root.sort(), ["certificates", "proxy"]);
  });

  it("let nginx's workers be nobody's root", async () => {
    const script =
      'for f in /proc/[0-9]*/status; do grep -q "^Name:.nginx" $f && grep "^Uid:" $f; done; true';
    const uids = (await inside("proxy", "sh", "-c", script)).split("\n").map((line) => line.split(/\s+/)[1]);
    assert.equal(uids.filter((uid) => uid === "0").length, 1, "the master alone");
    assert.ok(uids.length > 1);
  });

  it("rotate their logs", () => {
    for (const one of all.filter((other) => other.State.Status !== "created")) {
      const { Type, Config } = one.HostConfig.LogConfig;
      assert.deepEqual(
        { Type, ...Config },
        { Type: "json-file", "max-size": "10m", "max-file": "3" },
        one.Name,
      );
    }
  });

  it("carry secrets in containers that never ran and have no network", () => {
    const carriers = all.filter((one) => one.State.Status === "created");
    assert.ok(carriers.length >= 3, "of PostgreSQL, Redis and the api");
    for (const one of carriers) {
      assert.match(nameOf(one), /-secrets/);
      assert.equal(one.HostConfig.NetworkMode, "none", one.Name);
    }
  });

  it("keep PostgreSQL and Redis off the proxy's network and off the internet", async () => {
    const networksOf = (one: Container) =>
      Object.keys(one.NetworkSettings.Networks).map((name) => /network-(frontend|backend)/.exec(name)?.[1]);
    for (const one of running) {
      const expected = { postgres: ["backend"], redis: ["backend"], api: ["backend", "frontend"] }[
        nameOf(one)
      ];
      assert.deepEqual(networksOf(one).sort(), expected ?? ["frontend"], one.Name);
    }
    const backend = Object.keys((await containerOf("postgres")).NetworkSettings.Networks)[0] ?? "";
    assert.equal(await docker("network", "inspect", "--format", "{{.Internal}}", backend), "true");
  });

  it("keep data in volumes: the database's, the backups', Redis's, the certificates'", async () => {
    const mounts = (one: Container) =>
      one.Mounts.filter((mount) => mount.RW)
        .map((mount) => mount.Destination)
        .sort();
    assert.deepEqual(mounts(await containerOf("postgres")), ["/backups", "/var/lib/postgresql/data"]);
    assert.deepEqual(mounts(await containerOf("redis")), ["/data"]);
    const ofCertificates = ["/etc/letsencrypt", "/records", "/var/www/certbot"];
    assert.deepEqual(mounts(await containerOf("certificates")), ofCertificates);
    assert.equal(await inside("redis", "sh", "-c", "ls /data | grep -c appendonly"), "1");
  });
});
