/**
 * Backups of a stack at AWS: made, listed, verified, restored; and how they fail. The containers of the task definition are
 * run as it says, on a real PostgreSQL 16 with TLS and a real S3 server that checks what the task's role may do; the function
 * runs its own code. Played are Fargate itself, Secrets Manager and CloudWatch; EventBridge is not: nothing here waits for 3 o'clock.
 */
import assert from "node:assert/strict";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { checkOutputs } from "../../../components/outputs.ts";
import { withAwsBackup } from "../../support/aws-settings.ts";
import { AwsBackupSite, PASSWORD, STACK } from "../../support/e2e-aws-backup.ts";
import { type Ran, ended, succeeded } from "../../support/e2e-command.ts";
import { importStack } from "../../support/e2e-imported-stack.ts";
import { marker, markersIn } from "../../support/e2e-markers.ts";
import { REGION } from "../../support/e2e-moto.ts";

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

const PREFIX = "database/";
const ROWS = 20_000;

const DATA = `
  CREATE TYPE state AS ENUM ('new', 'paid', 'sent');
  CREATE SCHEMA audit;
  CREATE TABLE customers (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL, tags text[], born date);
  CREATE TABLE orders (id bigserial PRIMARY KEY, customer uuid REFERENCES customers, state state, price numeric(12, 2),
    twice numeric GENERATED ALWAYS AS (price * 2) STORED, at timestamptz DEFAULT now(), note jsonb, scan bytea, score float8);
  CREATE TABLE audit.events (id int, at timestamptz NOT NULL, what text) PARTITION BY RANGE (at);
  CREATE TABLE audit.events_25 PARTITION OF audit.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE audit.events_26 PARTITION OF audit.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE TABLE nothing (id int);
  CREATE VIEW paid AS SELECT * FROM orders WHERE state = 'paid';
  CREATE INDEX ON orders (customer, at);
  INSERT INTO customers (name, tags, born) SELECT 'Zoë ' || i, ARRAY['a', E'b\\t"' || i], DATE '1970-01-01' + i
    FROM generate_series(1, 200) i;
  INSERT INTO orders (customer, state, price, note, scan, score)
    SELECT (SELECT id FROM customers WHERE born = DATE '1970-01-01' + 1 + i % 200), (ARRAY['new', 'paid', 'sent'])[1 + i % 3]::state,
      i * 1.25, jsonb_build_object('n', i, 'x', NULL), decode(md5(i::text), 'hex'), sqrt(i) FROM generate_series(1, ${ROWS}) i;
  INSERT INTO audit.events SELECT i, TIMESTAMPTZ '2025-06-01' + i * INTERVAL '1 day', md5(i::text) FROM generate_series(1, 300) i;
`;
const TABLES = ["customers", "orders", "audit.events", "nothing"];

describe("backups at AWS", () => {
  const keys = { access: marker("access key", 12).core, secret: marker("secret key", 3).core };
  let site: AwsBackupSite;
  let lambda: LambdaClient;

  before(async () => {
    site = await AwsBackupSite.create(keys);
    await site.rds.owner(DATA);
    lambda = new LambdaClient({
      region: REGION,
      endpoint: `http://127.0.0.1:${site.door.port}`,
      credentials: { accessKeyId: "e2e", secretAccessKey: "e2e" },
    });
    await importStack(site.place, {
      stack: STACK,
      settings: withAwsBackup(),
      outputs: site.graph.outputs,
      functions: { api: await functionAtMoto("api"), web: await functionAtMoto("web") },
    });
  });
  after(async () => {
    lambda?.destroy();
    await site?.dispose();
  });

  async function functionAtMoto(service: string): Promise<string> {
    const trust = encodeURIComponent(
      JSON.stringify({ Statement: [{ Principal: { Service: "lambda.amazonaws.com" } }] }),
    );
    await site.moto.ask(
      "iam",
      `/?Action=CreateRole&Version=2010-05-08&RoleName=${service}&AssumeRolePolicyDocument=${trust}`,
    );
    const made = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: `${service}-0badcafe`,
        Role: `arn:aws:iam::123456789012:role/${service}`,
        PackageType: "Image",
        Code: { ImageUri: `123456789012.dkr.ecr.${REGION}.amazonaws.com/${service}:v1` },
      }),
    );
    return made.FunctionName ?? "";
  }

  const json = <T>(ran: Ran) => JSON.parse(succeeded(ran).stdout) as T;
  const tristack = (...args: string[]) => site.place.tristack(args);
  const now = async () => json<Manifest>(await tristack("backup", "now", STACK, "--json"));
  const list = async () => json<Manifest[]>(await tristack("backup", "list", STACK, "--json"));
  const invoke = async (event: object) => {
    const answer = await lambda.send(
      new InvokeCommand({ FunctionName: site.arn, Payload: JSON.stringify(event) }),
    );
    const said = JSON.parse(answer.Payload?.transformToString() ?? "") as Record<string, unknown>;
    return { failed: answer.FunctionError !== undefined, said };
  };
  /** What is in the tables, asked for in another way than the backup's own. */
  const sums = () =>
    site.rds.owner(
      TABLES.map(
        (table) =>
          `SELECT '${table}', count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM ${table} t`,
      ).join(" UNION ALL "),
    );
  const lastLog = () => (site.fargate.tasks.at(-1)?.logs.keeper ?? []).join("\n");

  it("are made now, and are in S3, encrypted there, with their manifest; and are told of", async () => {
    const ran = await tristack("backup", "now", STACK, "--json");
    const made = json<Manifest>(ran);
    console.log(`      ${made.bytes} bytes, ${ran.seconds.toFixed(1)} s`);
    const rows = Object.fromEntries(made.tables.map(({ table, rows }) => [table, rows]));
    assert.deepEqual(rows, {
      "audit.events_25": 213,
      "audit.events_26": 87,
      "public.customers": 200,
      "public.nothing": 0,
      "public.orders": ROWS,
    });
    assert.deepEqual(await site.objects(), [`${made.name}.dump`, `${made.name}.json`]);
    const head = new HeadObjectCommand({ Bucket: site.bucket, Key: `${PREFIX}${made.name}.dump` });
    const { ServerSideEncryption, ContentLength } = await site.s3.send(head);
    assert.deepEqual([ServerSideEncryption, ContentLength], ["AES256", made.bytes]);
    assert.equal(site.ping.of("/ping").length, 1);
    const [metric = ""] = /^\{"_aws".*$/m.exec(lastLog()) ?? [];
    assert.partialDeepStrictEqual(JSON.parse(metric), {
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: "Tristack",
            Dimensions: [["Stack"]],
            Metrics: [{ Name: "GoodBackups", Unit: "Count" }],
          },
        ],
      },
      Stack: `tristack/${STACK}`,
      GoodBackups: 1,
    });
  });

  it("are listed and verified", async () => {
    const [newest] = await list();
    assert.equal(newest?.verdict, "ok");
    succeeded(await tristack("backup", "verify", STACK));
    succeeded(await tristack("backup", "verify", STACK, newest?.name ?? ""));
    ended(await tristack("backup", "verify", STACK, "20200101T000000Z"), 2);
  });

  it("are made for whoever can do no more than call the function by the contract", async () => {
    assert.deepEqual(checkOutputs(site.graph.outputs), []);
    const { run } = site.graph.outputs.backup as { run: { args: string[] } };
    const { said } = await invoke({ args: run.args });
    const { name } = (said as { answer: Manifest }).answer;
    assert.ok((await site.objects()).includes(`${name}.dump`));

    const begun = await invoke({ args: ["list"], seconds: 0 });
    assert.match(String(begun.said.task), /^arn:aws:ecs:.*:task\/jobs\/[0-9a-f]{32}$/);
    const listed = await invoke({ task: begun.said.task });
    assert.ok((listed.said as { answer: Manifest[] }).answer.some((one) => one.name === name));
  });

  it("are tried by a drill in a PostgreSQL of its own", async () => {
    const ran = await tristack("backup", "drill", STACK, "--json");
    assert.partialDeepStrictEqual(json(ran), { passed: true, tables: 5 });
    console.log(`      ${ran.seconds.toFixed(1)} s`);
    const [{ bytes } = { bytes: 0 }] = await list();
    const { status } = json<{ status: object }>(await tristack("outputs", STACK, "--json"));
    assert.partialDeepStrictEqual(status, { lastBackup: { bytes }, lastVerifiedRestore: { passed: true } });
  });

  it("are made by a role that may do nothing beside", async () => {
    const { AccessKeyId, SecretAccessKey, Token } = await site.lend();
    const role = new S3Client({
      region: REGION,
      endpoint: `http://127.0.0.1:${site.s3Door.port}`,
      forcePathStyle: true,
      credentials: {
        accessKeyId: AccessKeyId ?? "",
        secretAccessKey: SecretAccessKey ?? "",
        sessionToken: Token,
      },
    });
    const put = (Key: string) => role.send(new PutObjectCommand({ Bucket: site.bucket, Key, Body: "x" }));
    await put(`${PREFIX}scratch`);
    await assert.rejects(put("elsewhere/scratch"), { name: "AccessDenied" });
    await role.send(new DeleteObjectCommand({ Bucket: site.bucket, Key: `${PREFIX}scratch` }));
    role.destroy();
  });

  it("are restored in place, while requests are held back: what was written since is put aside", async () => {
    const wanted = await sums();
    await site.rds.owner(
      "DELETE FROM orders WHERE id % 2 = 0; UPDATE customers SET name = 'changed'; DROP TABLE audit.events_26",
    );
    site.door.forwarded.length = 0;
    const ran = await tristack("restore", STACK, "--yes", "--json");
    const { kept, pausedSeconds, seconds } = json<Restored>(ran);
    console.log(
      `      restored in ${seconds.toFixed(1)} s, requests held back for ${pausedSeconds.toFixed(1)} s`,
    );
    assert.equal(await sums(), wanted);
    assert.equal(await site.databases(), `app ${kept}`);
    const changes = site.door.forwarded.filter((line) => !line.startsWith("GET "));
    assert.deepEqual(
      changes.map((line) =>
        line.replace(/^(\w+) \/[\d-]+\/(functions|tags)\/.*function:(\w+)-0badcafe.*$/, "$1 $2 $3"),
      ),
      ["POST tags api", "PUT functions api", "DELETE functions api", "DELETE tags api"],
    );
    succeeded(await tristack("restore", STACK, "--confirm", "--yes"));
    assert.equal(await site.databases(), "app");
  });

  it("are not put in place while a release comes", async () => {
    const lock = { what: "a deploy", by: "somebody@elsewhere", pid: 1, since: "", renewed: new Date() };
    const at = { Bucket: site.records, Key: "lock.json" };
    await site.s3.send(new PutObjectCommand({ ...at, Body: JSON.stringify(lock) }));
    const renewing = setInterval(() => {
      const renewed = { ...lock, renewed: new Date() };
      void site.s3.send(new PutObjectCommand({ ...at, Body: JSON.stringify(renewed) }));
    }, 10_000);
    const wanted = await sums();
    const { all } = ended(await tristack("restore", STACK, "--yes"), 1);
    clearInterval(renewing);
    assert.match(all, /is held: a deploy by somebody@elsewhere/);
    assert.deepEqual([await sums(), await site.databases()], [wanted, "app"]);
    await site.s3.send(new DeleteObjectCommand(at));
  });

  it("that were damaged are refused, and nothing is changed", async () => {
    const { name, bytes } = await now();
    const wanted = await sums();
    const Key = `${PREFIX}${name}.dump`;
    await site.s3.send(new PutObjectCommand({ Bucket: site.bucket, Key, Body: Buffer.alloc(bytes, 1) }));
    for (const words of [
      ["backup", "verify", STACK, name],
      ["backup", "drill", STACK, name],
      ["restore", STACK, name, "--yes"],
    ]) {
      const { all } = ended(await tristack(...words), 1);
      assert.match(all, /damaged: its checksum is not the one/, words.join(" "));
      assert.doesNotMatch(all, /_aws|at async/);
    }
    assert.deepEqual([await sums(), await site.databases()], [wanted, "app"]);
    for (const end of ["dump", "json"])
      await site.s3.send(new DeleteObjectCommand({ Bucket: site.bucket, Key: `${PREFIX}${name}.${end}` }));
  });

  it("are not made over a connection that somebody else may have answered, and the failure is told", async () => {
    const there = await site.objects();
    const right = await site.wrongAuthority();
    const ran = ended(await tristack("backup", "now", STACK), 1);
    right();
    assert.match(ran.all, /no dump could be made/);
    assert.match(lastLog(), /certificate verify failed/);
    assert.match(lastLog(), /"FailedBackups":1}$/m);
    assert.deepEqual(
      (await site.objects()).filter((name) => !there.includes(name)),
      ["failure.json"],
    );
    const listed = succeeded(await tristack("backup", "list", STACK));
    assert.match(
      listed.stderr,
      /warning: the last backup failed, .* no dump could be made\. Nothing was deleted/,
    );
    await now();
    assert.doesNotMatch(succeeded(await tristack("backup", "list", STACK)).stderr, /warning/);
  });

  it("that cannot be uploaded leave the older ones", async () => {
    const there = await site.objects();
    site.s3Door.mode = "error";
    const ran = ended(await tristack("backup", "now", STACK), 1);
    site.s3Door.mode = "open";
    assert.match(ran.all, /S3 cannot be listed/);
    assert.deepEqual(await site.objects(), there);
  });

  it("are kept for as many days as have one", async () => {
    const [newest] = await list();
    const days = ["20260101", "20260102", "20260103"];
    for (const day of days)
      for (const end of ["dump", "json"])
        await site.s3.send(
          new CopyObjectCommand({
            Bucket: site.bucket,
            CopySource: `${site.bucket}/${PREFIX}${newest?.name}.${end}`,
            Key: `${PREFIX}${day}T030000Z.${end}`,
          }),
        );
    await now();
    const kept = (await site.objects()).filter((name) => days.some((day) => name.startsWith(day)));
    assert.deepEqual(kept, ["20260103T030000Z.dump", "20260103T030000Z.json"]);
  });

  it("are restored into an empty PostgreSQL 16: rows and checksums of every table are equal", async () => {
    const wanted = await sums();
    const made = await now();
    await site.emptyDatabase();
    assert.equal(await site.rds.owner("SELECT to_regclass('orders') IS NULL"), "t", "it is empty");
    const ran = await tristack("restore", STACK, made.name, "--yes", "--json");
    console.log(`      ${ran.seconds.toFixed(1)} s`);
    assert.equal(json<Restored>(ran).tables, 5);
    assert.equal(await sums(), wanted);
    assert.deepEqual((await now()).tables, made.tables);
  });

  it("leave their secrets in no log and no output", () => {
    const logs = site.fargate.tasks.flatMap(({ logs }) => Object.values(logs).flat()).join("\n");
    assert.match(logs, /: done/);
    const secret = (name: string, value: string) => ({ name, value, core: value });
    const all = [
      ...Object.entries(keys).map(([name, value]) => secret(name, value)),
      secret("password", PASSWORD),
      secret("ping", `${site.ping.port}/ping`),
    ];
    const texts = { logs, said: site.place.said.join("\n"), outputs: JSON.stringify(site.graph.outputs) };
    for (const [where, text] of Object.entries(texts)) assert.deepEqual(markersIn(text, all), [], where);
  });
});
