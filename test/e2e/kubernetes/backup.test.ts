/** Backups of a stack on a cluster, in a real S3 server: made, listed, verified, restored into a fresh namespace; and how they fail. */
import assert from "node:assert/strict";
import { HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { kubectl } from "../../../toolchain/cluster/kubectl.ts";
import { NODE_ADDRESS } from "../../../toolchain/cluster/layout.ts";
import { until } from "../../support/e2e-until.ts";
import { ClusterSite } from "../../support/e2e-cluster.ts";
import { type Ran, ended, succeeded } from "../../support/e2e-command.ts";
import { type Marker, marker, markersIn } from "../../support/e2e-markers.ts";
import { BUCKET, Minio, REGION } from "../../support/e2e-minio.ts";
import { Door } from "../../support/e2e-outside.ts";

interface Manifest {
  name: string;
  bytes: number;
  verdict: string;
  tables: { table: string; rows: number; sum: string }[];
}

interface Restored {
  kept: string;
  pausedSeconds: number;
  seconds: number;
  tables: number;
}

const [STACK, FRESH] = ["vault", "vault-fresh"];
const PREFIX = "shop/vault/";
const ROWS = 30_000;

describe("backups on a cluster", () => {
  const access = marker("access key", 12);
  const secret: Marker = { ...marker("secret key", 3), name: "secret key" };
  let site: ClusterSite;
  let fresh: ClusterSite | undefined;
  let s3: Minio;
  let door: Door;
  let client: S3Client;

  before(async () => {
    site = await ClusterSite.create({ stack: STACK });
    const keys = { access: access.value, secret: secret.value };
    s3 = await Minio.start(await site.workspace.folder("s3"), keys);
    door = await Door.to(s3.port);
    client = new S3Client({
      region: REGION,
      endpoint: `http://127.0.0.1:${s3.port}`,
      forcePathStyle: true,
      credentials: { accessKeyId: keys.access, secretAccessKey: keys.secret },
    });
    await withKeys(site);
    await site.change(["backup"], {
      cpu: 0.4,
      memory: "256MiB",
      timeout: "60s",
      s3: {
        bucket: BUCKET,
        prefix: PREFIX,
        region: REGION,
        endpoint: `http://${NODE_ADDRESS}:${door.port}`,
        accessKey: "S3_ACCESS",
        secretKey: "S3_SECRET",
      },
    });
    console.log(`      up: ${succeeded(await site.up()).seconds.toFixed(1)} s`);
    await psql(
      site,
      `CREATE TABLE orders (id serial PRIMARY KEY, note text, price numeric, at timestamptz DEFAULT now());
       INSERT INTO orders (note, price) SELECT md5(i::text), i * 1.25 FROM generate_series(1, ${ROWS}) i;
       INSERT INTO items (name, title) SELECT 'item ' || i, 'item ' || i FROM generate_series(1, 100) i`,
    );
  });
  after(async () => {
    client?.destroy();
    await door?.close();
    await s3?.stop();
    if (fresh) await kubectl(["delete", "namespace", FRESH, "--ignore-not-found", "--timeout=120s"]);
    await site?.dispose();
  });

  async function withKeys(stack: ClusterSite): Promise<void> {
    await stack.secret("S3_ACCESS", access.value);
    await stack.secret("S3_SECRET", secret.value);
  }

  const json = <T>(ran: Ran) => JSON.parse(succeeded(ran).stdout) as T;
  const tristack = (...args: string[]) => site.workspace.tristack(args);
  const now = async (stack = STACK) => json<Manifest>(await tristack("backup", "now", stack, "--json"));
  const list = async (stack = STACK) => json<Manifest[]>(await tristack("backup", "list", stack, "--json"));
  const objects = () => s3.objects(PREFIX);
  /** What is in the tables, asked for in another way than the backup's own. */
  const sums = (stack: ClusterSite) =>
    psql(
      stack,
      `SELECT count(*), md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o
       UNION ALL SELECT count(*), md5(string_agg(i::text, ',' ORDER BY id)) FROM items i`,
    );
  const databases = (stack: ClusterSite) =>
    psql(
      stack,
      "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'app%'",
    );

  it("change nothing in a second preview", async () => {
    succeeded(await site.preview());
    succeeded(await site.preview("--refresh"));
  });

  it("are made now, and are in S3, encrypted there, with their manifest", async () => {
    const ran = await tristack("backup", "now", STACK, "--json");
    const made = json<Manifest>(ran);
    console.log(`      ${made.bytes} bytes, ${ran.seconds.toFixed(1)} s`);
    assert.equal(made.tables.find(({ table }) => table === "public.orders")?.rows, ROWS);
    assert.deepEqual(await objects(), [`${made.name}.dump`, `${made.name}.json`]);
    const head = new HeadObjectCommand({ Bucket: BUCKET, Key: `${PREFIX}${made.name}.dump` });
    const { ServerSideEncryption, ContentLength } = await client.send(head);
    assert.deepEqual([ServerSideEncryption, ContentLength], ["AES256", made.bytes]);
    const [newest] = await list();
    assert.deepEqual([newest?.name, newest?.verdict], [made.name, "ok"]);
    succeeded(await tristack("backup", "verify", STACK));
    succeeded(await tristack("backup", "verify", STACK, made.name));
    ended(await tristack("backup", "verify", STACK, "20200101T000000Z"), 2);
  });

  it("are made by the schedule alone", async () => {
    const before = (await list()).length;
    const schedule = (text: string) => JSON.stringify({ spec: { schedule: text } });
    await site.kubectl("patch", "cronjob", "backup", "--type=merge", "--patch", schedule("* * * * *"));
    await until(150, "a backup by the schedule", async () => (await objects()).length >= 2 * (before + 1));
    await site.kubectl("patch", "cronjob", "backup", "--type=merge", "--patch", schedule("0 3 * * *"));
    succeeded(await site.preview("--refresh"));
  });

  it("are tried by a drill in a PostgreSQL of its own", async () => {
    const ran = await tristack("backup", "drill", STACK, "--json");
    assert.partialDeepStrictEqual(json(ran), { passed: true });
    console.log(`      ${ran.seconds.toFixed(1)} s`);
    const [{ bytes } = { bytes: 0 }] = await list();
    const { status } = json<{ status: object }>(await tristack("outputs", STACK, "--json"));
    assert.partialDeepStrictEqual(status, { lastBackup: { bytes }, lastVerifiedRestore: { passed: true } });
  });

  it("are restored into a fresh namespace: rows and checksums of every table are equal", async () => {
    const made = await now();
    const wanted = await sums(site);
    fresh = await site.beside(FRESH, "fresh.localhost");
    await withKeys(fresh);
    await fresh.change(["services", "web", "replicas"], 1);
    succeeded(await fresh.up());
    assert.equal(await psql(fresh, "SELECT to_regclass('orders') IS NULL"), "t", "it is empty");
    const ran = await tristack("restore", FRESH, made.name, "--yes", "--json");
    const { kept, pausedSeconds, seconds } = json<Restored>(ran);
    console.log(
      `      restored in ${seconds.toFixed(1)} s, services stopped for ${pausedSeconds.toFixed(1)} s`,
    );
    assert.equal(await sums(fresh), wanted);
    assert.deepEqual((await now(FRESH)).tables, made.tables);
    assert.equal(await databases(fresh), `app ${kept}`);
    succeeded(await tristack("restore", FRESH, "--confirm", "--yes"));
    assert.equal(await databases(fresh), "app");
    const replicas = await fresh.kubectl(
      "get",
      "deployment",
      "api",
      "--output",
      "jsonpath={.status.readyReplicas}",
    );
    assert.equal(replicas, "2", "the pods are there again");
    succeeded(await fresh.preview("--refresh"));
    await fresh.change(["services", "api", "replicas"], 1);
    succeeded(await fresh.up());
  });

  it("are restored in place while the site goes on: what was written since is put aside", async () => {
    const before = await sums(site);
    await psql(site, "DELETE FROM orders WHERE id % 2 = 0; UPDATE items SET title = 'changed'");
    const [newest] = (await list()).filter(({ tables }) => tables.some(({ rows }) => rows === ROWS));
    const { kept } = json<Restored>(await tristack("restore", STACK, newest?.name ?? "", "--yes", "--json"));
    assert.equal(await sums(site), before);
    assert.equal((await site.ask("/api/items")).status, 200, "the api answers from it");
    assert.ok((await databases(site)).includes(kept));
    succeeded(await tristack("restore", STACK, "--confirm", "--yes"));
  });

  it("that were damaged are refused, and nothing is changed", async () => {
    const { name, bytes } = await now();
    const [rows, generation] = [await sums(site), await generationOf(site)];
    const Key = `${PREFIX}${name}.dump`;
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Buffer.alloc(bytes, 1) }));
    for (const command of [
      ["backup", "verify"],
      ["backup", "drill"],
      ["restore", "--yes"],
    ]) {
      const [first = "", ...rest] = command;
      const words = first === "backup" ? [...command, STACK, name] : [first, STACK, name, ...rest];
      assert.match(
        ended(await tristack(...words), 1).all,
        /damaged: its checksum is not the one/,
        words.join(" "),
      );
    }
    assert.deepEqual([await sums(site), await generationOf(site)], [rows, generation]);
    assert.equal(await databases(site), "app");
    const [, older] = await list();
    succeeded(await tristack("backup", "verify", STACK, older?.name ?? ""));
  });

  it("that cannot be made leave the older ones, and say so until one is made", async () => {
    const there = await objects();
    await site.kubectl("scale", "statefulset", "postgres", "--replicas=0");
    await site.kubectl("wait", "--for=delete", "pod/postgres-0", "--timeout=120s");
    const ran = ended(await tristack("backup", "now", STACK), 1);
    assert.match(ran.all, /no dump could be made/);
    assert.deepEqual(await objects(), there);
    assert.match(
      succeeded(await tristack("backup", "list", STACK)).stderr,
      /warning: the last backup failed, .* no dump could be made\. Nothing was deleted/,
    );
    await site.kubectl("scale", "statefulset", "postgres", "--replicas=1");
    await site.kubectl("rollout", "status", "statefulset/postgres", "--timeout=120s");
    await now();
    assert.doesNotMatch(succeeded(await tristack("backup", "list", STACK)).stderr, /warning/);
  });

  it("that cannot be uploaded leave the older ones", async () => {
    const there = await objects();
    door.mode = "error";
    const ran = ended(await tristack("backup", "now", STACK), 1);
    door.mode = "open";
    assert.match(ran.all, /S3 cannot be listed/);
    assert.ok(door.turnedAway > 0);
    assert.deepEqual(await objects(), there);
  });

  it("leave their secrets in no object, no log and no output", async () => {
    await now();
    const kinds = "pods,jobs,cronjobs,configmaps,events";
    const shown = await site.kubectl("get", kinds, "--output", "yaml");
    const logs = await site.kubectl(
      "logs",
      "--selector=app.kubernetes.io/name=backup",
      "--all-containers",
      "--tail=-1",
    );
    const state = succeeded(await site.pulumi("stack", "export", "--stack", STACK)).stdout;
    assert.match(shown, /backup-scripts/);
    assert.match(logs, /: done/);
    const encoded = await site.kubectl(
      "get",
      "secret",
      "postgres-secret",
      "--output",
      "jsonpath={.data.password}",
    );
    const password = Buffer.from(encoded, "base64").toString("utf8");
    const all = [access, secret, { name: "password", value: password, core: password }];
    const texts = { shown, logs, state, said: site.workspace.said.join("\n") };
    for (const [where, text] of Object.entries(texts)) assert.deepEqual(markersIn(text, all), [], where);
  });

  it("go with the stack, and stay in S3", async () => {
    const there = await objects();
    succeeded(await site.pulumi("destroy", "--stack", STACK, "--yes", "--skip-preview"));
    assert.deepEqual(await objects(), there);
  });
});

async function psql(site: ClusterSite, query: string): Promise<string> {
  const words = ["psql", "-U", "app", "-d", "app", "-v", "ON_ERROR_STOP=1", "-tAc", query];
  return (await site.kubectl("exec", "postgres-0", "--", ...words)).trim();
}

/** Changes whenever somebody changes the workload. */
function generationOf(site: ClusterSite): Promise<string> {
  return site.kubectl("get", "deployment", "api", "--output", "jsonpath={.metadata.generation}");
}
