/** Backups of a running stack: made, uploaded, kept, restored, and every way in which they fail. */
import assert from "node:assert/strict";
import { checkOutputs } from "../../../components/outputs.ts";
import { PROJECT } from "../../support/e2e-clone.ts";
import { ended, run, succeeded } from "../../support/e2e-command.ts";
import { containerOf, docker, inside, psql } from "../../support/e2e-engine.ts";
import { generated, marker, markersIn } from "../../support/e2e-markers.ts";
import { BUCKET, Minio, REGION } from "../../support/e2e-minio.ts";
import { Door, Webhook, hostAddress } from "../../support/e2e-outside.ts";
import { dockerTraces } from "../../support/e2e-traces.ts";
import { FULL, itFully } from "../../support/e2e-tier.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

interface Manifest {
  name: string;
  bytes: number;
  verdict: string;
  small: boolean;
  tables: { table: string; rows: number; sum: string }[];
}

const PREFIX = "shop/local/";
/** Days with a backup that are kept, and that are made. */
const DAYS = FULL ? { kept: 30, made: 35 } : { kept: 5, made: 8 };
/** A folder of the volume in which programs may be run, unlike in /tmp. */
const FAULTS = "/backups/.work/faults";

describe("backups", () => {
  const access = marker("access key", 12);
  const secret = { ...marker("secret key", 3), name: "secret key" };
  const hookPath = marker("alarm", 24);
  let site: Workspace;
  let s3: Minio;
  let door: Door;
  let hook: Webhook;

  before(async () => {
    site = await started("backup");
    s3 = await Minio.start(await site.folder("s3"), { access: access.value, secret: secret.value });
    door = await Door.to(s3.port);
    hook = await Webhook.open();
    const address = await hostAddress();
    await plant("S3_ACCESS", access.value);
    await plant("S3_SECRET", secret.value);
    await plant("ALARM_URL", `http://${address}:${hook.port}/alarm?${hookPath.value}`);
    await plant("PING_URL", `http://${address}:${hook.port}/ping`);
    await site.change((settings) => {
      settings.set(["alarm"], "ALARM_URL");
      settings.set(["backup"], {
        s3: {
          bucket: BUCKET,
          prefix: PREFIX,
          region: REGION,
          endpoint: `http://${address}:${door.port}`,
          accessKey: "S3_ACCESS",
          secretKey: "S3_SECRET",
        },
        ping: "PING_URL",
        timeout: "60s",
        retentionDays: DAYS.kept,
      });
    });
    succeeded(await site.start(["--no-build"]));
    await until(async () => (await list()).some(({ verdict }) => verdict === "ok"), 60, "the first backup");
    await psql(
      `CREATE TABLE orders (id serial PRIMARY KEY, note text, price numeric, at timestamptz DEFAULT now());
       INSERT INTO orders (note, price) SELECT md5(i::text), i * 1.25 FROM generate_series(1, 30000) i`,
    );
  });
  after(async () => {
    await Promise.all([door?.close(), hook?.close()]);
    await s3?.stop();
    await site?.dispose();
  });

  async function plant(name: string, value: string): Promise<void> {
    const key = `${PROJECT}:secrets.${name}`;
    const args = ["config", "set", "--secret", "--path", key, "--stack", "local"];
    succeeded(await site.pulumi(args, { input: value }));
  }

  const json = <T>(text: string) => JSON.parse(text) as T;
  const backup = (...args: string[]) => site.tristack(["backup", ...args]);
  const list = async () => json<Manifest[]>(succeeded(await backup("list", "local", "--json")).stdout);
  const files = async () => (await inside("backup", "ls", "/backups")).split("\n").sort();
  const objects = () => s3.objects(PREFIX);
  const alarms = () => `/alarm?${hookPath.value}`;
  const record = async (name: string) =>
    json<Record<string, unknown>>(await inside("backup-courier", "cat", `/records/${name}.json`));
  const sums = async () => psql("SELECT count(*), md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o");

  async function now(): Promise<Manifest> {
    return json<Manifest>(succeeded(await backup("now", "local", "--json")).stdout);
  }

  /** A job of the container with a program of the test's own in front of the real one. */
  async function withFault(program: string, script: string, ...job: string[]) {
    const { Id } = await containerOf("backup");
    const put = `mkdir -p ${FAULTS} && printf '%s\n' "$1" > ${FAULTS}/${program} && chmod +x ${FAULTS}/${program}`;
    await docker("exec", Id, "sh", "-c", put, "put", script);
    const path = `PATH=${FAULTS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
    const ran = await site.run("docker", ["exec", "-e", path, Id, "/bin/sh", "/tmp/tristack-backup", ...job]);
    await docker("exec", Id, "rm", "-r", FAULTS);
    return ran;
  }

  /** Nothing was deleted, here or in S3, and no ping was sent; what was made in between may be there. */
  async function keepsEverything(work: () => Promise<void>, alarm: RegExp): Promise<void> {
    const [here, there, from] = [await files(), await objects(), hook.messages.length];
    await work();
    const text = await hook.wait(alarms(), alarm, from);
    console.log(`      alarm: ${text}`);
    const [hereAfter, thereAfter] = [await files(), await objects()];
    assert.deepEqual(
      here.filter((one) => !hereAfter.includes(one)),
      [],
    );
    assert.deepEqual(
      there.filter((one) => !thereAfter.includes(one)),
      [],
    );
    assert.deepEqual(hook.of("/ping", from), []);
  }

  it("are part of the outputs", async () => {
    const outputs = json<Record<string, unknown>>(
      succeeded(await site.pulumi(["stack", "output", "--json", "--stack", "local"])).stdout,
    );
    assert.deepEqual(checkOutputs(outputs), []);
    const { destination, run } = outputs.backup as {
      destination: string;
      run: { target: string; args: string[] };
    };
    assert.equal(destination, `s3://${BUCKET}/${PREFIX}`);
    const ran = succeeded(await site.run("docker", ["exec", run.target, ...run.args]));
    assert.match(json<Manifest>(ran.stdout).name, /^\d{8}T\d{6}Z$/, "the contract's own command makes one");
  });

  it("are made now, listed and verified, and are in S3 with their size and checksum", async () => {
    const from = hook.messages.length;
    const made = await now();
    assert.equal(made.tables.find(({ table }) => table === "public.orders")?.rows, 30_000);
    const [newest] = await list();
    assert.deepEqual([newest?.name, newest?.verdict, newest?.small], [made.name, "ok", false]);
    succeeded(await backup("verify", "local"));
    succeeded(await backup("verify", "local", made.name));
    assert.ok(
      (await objects()).includes(`${made.name}.dump`) && (await objects()).includes(`${made.name}.json`),
    );
    assert.deepEqual(hook.of("/ping", from).length, 1);
    assert.equal((await record("backup")).bytes, made.bytes);
    ended(await backup("verify", "local", "20200101T000000Z"), 2);
  });

  it("are restored: the rows come back, each table's checksum equal, the old database kept until confirmed", async () => {
    const before = await sums();
    await now();
    await psql("DELETE FROM orders WHERE id % 2 = 0; UPDATE orders SET note = 'changed'");
    const damaged = await sums();
    assert.notEqual(damaged, before);
    const { kept, pausedSeconds } = json<{ kept: string; pausedSeconds: number }>(
      succeeded(await site.tristack(["restore", "local", "--yes", "--json"])).stdout,
    );
    console.log(`      services stopped for ${pausedSeconds.toFixed(1)} s`);
    assert.equal(await sums(), before);
    assert.equal((await site.ask("/api/items")).status, 200, "the api answers from it");
    const databases = () =>
      psql("SELECT string_agg(datname, ' ') FROM pg_database WHERE datname LIKE 'app%'");
    assert.ok((await databases()).includes(kept));
    succeeded(await site.tristack(["restore", "local", "--confirm", "--yes"]));
    assert.equal(await databases(), "app");
  });

  it("that cannot be restored leave the old database serving", async () => {
    const before = await sums();
    const ran = await withFault("pg_restore", "#!/bin/sh\nexit 1", "prepare");
    ended(ran, 1);
    assert.equal(await sums(), before);
    assert.equal(await psql("SELECT count(*) FROM pg_database WHERE datname LIKE 'app%'"), "1");
  });

  it("are tried by a drill, which writes down that it passed", async () => {
    await now();
    const ran = succeeded(await backup("drill", "local", "--json"));
    assert.equal(json<{ passed: boolean }>(ran.stdout).passed, true);
    await until(async () => (await record("restore")).passed === true, 20, "the record");
  });

  it("cut short while they are written: alarm, nothing deleted", () =>
    keepsEverything(async () => {
      const cut = `#!/bin/sh
        for a in "$@"; do case $a in --file=*) f=\${a#--file=} ;; esac; done
        /usr/local/bin/pg_dump "$@" && truncate -s -2000 "$f"`;
      ended(await withFault("pg_dump", cut, "now"), 1);
    }, /failed: no dump/));

  it("that are empty: alarm, nothing deleted", () =>
    keepsEverything(async () => {
      const empty = '#!/bin/sh\nfor a in "$@"; do case $a in --file=*) : > "${a#--file=}" ;; esac; done';
      ended(await withFault("pg_dump", empty, "now"), 1);
    }, /failed: no dump/));

  it("much smaller than the last: alarm, nothing deleted, and no yardstick for the next", async () => {
    await psql("TRUNCATE orders");
    await keepsEverything(async () => void ended(await backup("now", "local"), 1), /suspiciously small/);
    await keepsEverything(async () => void ended(await backup("now", "local"), 1), /suspiciously small/);
    succeeded(await site.tristack(["restore", "local", "--yes"]));
    succeeded(await site.tristack(["restore", "local", "--confirm", "--yes"]));
    assert.equal(await psql("SELECT count(*) FROM orders"), "30000");
  });

  it("while S3 answers 500: alarm, nothing deleted; the alarm comes though the webhook fails at first", () =>
    keepsEverything(async () => {
      door.mode = "error";
      hook.refuse = 1;
      ended(await backup("now", "local"), 1);
      await until(() => Promise.resolve(hook.refused > 0), 30, "a refused alarm");
      door.mode = "open";
      assert.ok(door.turnedAway >= 2);
    }, /could not be uploaded/));

  itFully("while S3 hangs: alarm within the timeouts, nothing deleted", () =>
    keepsEverything(async () => {
      const from = Date.now();
      door.mode = "hang";
      ended(await backup("now", "local"), 1);
      console.log(`      given up after ${Math.round((Date.now() - from) / 1000)} s`);
      door.mode = "open";
    }, /could not be uploaded/),
  );

  it(`of ${DAYS.made} days leave exactly ${DAYS.kept}, here and in S3`, async () => {
    await makeDays(DAYS.made - 1);
    const made = await now();
    const daysOf = (names: string[]) =>
      new Set(names.filter((one) => one.endsWith(".json")).map((one) => one.slice(0, 8)));
    const here = daysOf(await files());
    assert.equal(here.size, DAYS.kept);
    assert.ok(here.has(made.name.slice(0, 8)));
    const there = async () => [...daysOf(await objects())].sort();
    await until(async () => (await there()).join() === [...here].sort().join(), 60, "the same days in S3");
    const dumps = (names: string[]) => names.filter((one) => one.endsWith(".dump")).length;
    const manifests = (names: string[]) => names.filter((one) => one.endsWith(".json")).length;
    for (const names of [await files(), await objects()]) assert.equal(dumps(names), manifests(names));
  });

  it("that were damaged fail the drill, which says so", async () => {
    const from = hook.messages.length;
    const { name } = await now();
    await inside("backup", "sh", "-c", `printf x | dd of=/backups/${name}.dump bs=1 seek=2000 conv=notrunc`);
    const ran = ended(await backup("drill", "local"), 1);
    assert.match(ran.all, /damaged: its checksum/);
    await until(async () => (await record("restore")).passed === false, 20, "the record");
    await hook.wait(alarms(), /drill .* failed/, from);
    ended(await backup("verify", "local", name), 1);
    ended(await site.tristack(["restore", "local", name, "--yes"]), 1);
  });

  it("leave their secrets in no inspect, no log and no output", async () => {
    const password = await inside("postgres", "cat", "/run/secrets/POSTGRES_PASSWORD");
    const all = [access, secret, hookPath, generated("POSTGRES_PASSWORD", password)];
    const traces = [...(await dockerTraces()), ...site.said.map((text) => ({ where: "a command", text }))];
    assert.ok(
      traces.some(({ text }) => text.includes("tristack-backup")),
      "there is something to search",
    );
    assert.deepEqual(
      traces.flatMap(({ where, text }) => markersIn(text, all).map((name) => `${name} in ${where}`)),
      [],
    );
  });

  /**
   * A backup for each of the days before today, the oldest first: made for real, then given the name of its day. The
   * courier takes it for a new one and uploads it.
   */
  async function makeDays(days: number): Promise<void> {
    const script = `
      cd /backups
      k=${days}
      while [ $k -ge 1 ]; do
        sh /tmp/tristack-backup now 30 > /dev/null || exit 1
        name=$(ls *.json | sort | tail -n 1); name=\${name%.json}
        day=$(date -u -d "@$(($(date +%s) - k * 86400))" +%Y%m%d)T030000Z
        sed -i "s/$name/$day/" $name.json $name.dump.sha256
        for end in dump.sha256 dump json; do mv $name.$end $day.$end; done
        until [ -f .verdict/$day ]; do sleep 0.2; done
        k=$((k - 1))
      done`;
    const { Id } = await containerOf("backup");
    const args = ["exec", Id, "sh", "-c", script];
    succeeded(await run("docker", args, { cwd: site.root, timeoutSeconds: 900 }));
  }
});

async function until(check: () => Promise<boolean>, seconds: number, what: string): Promise<void> {
  for (const end = Date.now() + seconds * 1000; ; await new Promise((resolve) => setTimeout(resolve, 300))) {
    if (await check().catch(() => false)) return;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
  }
}
