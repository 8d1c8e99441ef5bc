/** The host is gone, and the checkout with the state as well: everything comes back from what lies in S3. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../../support/e2e-clone.ts";
import { type Ran, ended, succeeded } from "../../support/e2e-command.ts";
import { inside, leftovers, psql } from "../../support/e2e-engine.ts";
import { generated, marker, markersIn } from "../../support/e2e-markers.ts";
import { BUCKET, Minio, REGION } from "../../support/e2e-minio.ts";
import { Door, hostAddress } from "../../support/e2e-outside.ts";
import { deploy, servedRelease, tagVersions, untagVersions } from "../../support/e2e-releases.ts";
import { Workspace, started } from "../../support/e2e-workspace.ts";

const PREFIX = "shop/local/";
const VERSION = "rebuilt-v1";

describe("a stack whose host and checkout are lost", () => {
  const access = marker("access key", 12);
  const secret = { ...marker("secret key", 3), name: "secret key" };
  let site: Workspace;
  let fresh: Workspace;
  let s3: Minio;
  let door: Door;
  let key: { publicKey: string; secretKey: string };
  /** What there was. */
  let was: { sums: string; password: string; release: string };

  before(async () => {
    site = await started("rebuild");
    s3 = await Minio.start(await site.folder("s3"), { access: access.value, secret: secret.value });
    door = await Door.to(s3.port);
    await plant("S3_ACCESS", access.value);
    await plant("S3_SECRET", secret.value);
    key = json(succeeded(await site.tristack(["recovery-key", "--json"])).stdout);
    const endpoint = `http://${await hostAddress()}:${door.port}`;
    await site.change((settings) =>
      settings.set(["backup"], {
        recoveryKey: key.publicKey,
        s3: {
          bucket: BUCKET,
          prefix: PREFIX,
          region: REGION,
          endpoint,
          accessKey: "S3_ACCESS",
          secretKey: "S3_SECRET",
        },
      }),
    );
    succeeded(await site.start(["--no-build"]));
    await psql(
      `CREATE TABLE orders (id serial PRIMARY KEY, note text);
       INSERT INTO orders (note) SELECT md5(i::text) FROM generate_series(1, 20000) i`,
    );
  });
  after(async () => {
    await door?.close();
    await fresh?.dispose();
    await untagVersions([VERSION]);
    await site?.dispose();
    await s3?.stop();
  });

  async function plant(name: string, value: string): Promise<void> {
    const args = ["config", "set", "--secret", "--path", `${PROJECT}:secrets.${name}`, "--stack", "local"];
    succeeded(await site.pulumi(args, { input: value }));
  }

  function json<T>(text: string): T {
    return JSON.parse(text) as T;
  }

  const sums = () => psql("SELECT count(*), md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o");
  const password = () => inside("postgres", "cat", "/run/secrets/POSTGRES_PASSWORD");

  /** On a machine that has a clone, the recovery key and credentials, and nothing else. */
  function rebuild(recoveryKey: string, ...more: string[]): Promise<Ran> {
    const from = [
      `--from=s3://${BUCKET}/${PREFIX}`,
      `--region=${REGION}`,
      `--endpoint=http://127.0.0.1:${s3.port}`,
    ];
    return fresh.tristack(["rebuild", "local", ...from, "--yes", "--json", ...more], {
      env: {
        TRISTACK_RECOVERY_KEY: recoveryKey,
        AWS_ACCESS_KEY_ID: access.value,
        AWS_SECRET_ACCESS_KEY: secret.value,
      },
    });
  }

  it("has a copy of its state beside the backups, which nobody can read without the key", async () => {
    await tagVersions([VERSION]);
    await site.change((settings) => settings.set(["release"], undefined));
    succeeded(await deploy(site, VERSION, "--bake", "0"));
    assert.equal((await s3.objects(`${PREFIX}state`)).length, 1, "a deploy makes one");
    // As in production: what holds data is protected, and has to be made anew all the same.
    succeeded(await site.pulumi(["state", "protect", "--all", "--yes", "--stack", "local"]));
    const made = json<{ stateCopy: string }>(
      succeeded(await site.tristack(["backup", "now", "local", "--json"])).stdout,
    );
    assert.equal(made.stateCopy, "ok");
    const copy = (await s3.objects(`${PREFIX}state`)).at(-1) ?? "";
    assert.match(copy, /^\d{8}T\d{6}Z\.age$/);
    const text = await inside("backup", "cat", `/backups/.state/${copy}`);
    assert.match(text, /^-----BEGIN AGE ENCRYPTED FILE-----/);
    assert.deepEqual(markersIn(text, [access, secret]), []);
    const { status } = json<{ status: { lastStateCopy: { at: string } } }>(
      succeeded(await site.tristack(["outputs", "local", "--json"])).stdout,
    );
    assert.ok(Date.now() - new Date(status.lastStateCopy.at).getTime() < 600_000);
    was = { sums: await sums(), password: await password(), release: await servedRelease(site) };
  });

  it("is not made anew over what is still there", async () => {
    // Another clone, which sweeps nothing: the host is inhabited.
    const ran = await site.tristack(
      [
        "rebuild",
        "local",
        "--settings",
        "kept",
        "--from",
        `s3://${BUCKET}/${PREFIX}`,
        "--region",
        REGION,
        "--endpoint",
        `http://127.0.0.1:${s3.port}`,
        "--yes",
      ],
      {
        env: {
          TRISTACK_RECOVERY_KEY: key.secretKey,
          AWS_ACCESS_KEY_ID: access.value,
          AWS_SECRET_ACCESS_KEY: secret.value,
        },
      },
    );
    assert.match(ended(ran, 2).all, /the host is not empty/);
    assert.equal(await sums(), was.sums);
  });

  it("is not made anew with another key", async () => {
    // A new clone; and whatever of the stack is on this host is removed.
    fresh = await Workspace.create("rebuilt");
    const { secretKey } = json<typeof key>(
      succeeded(await fresh.tristack(["recovery-key", "--json"])).stdout,
    );
    const ran = ended(await rebuild(secretKey), 2);
    assert.match(ran.all, /the recovery key does not open this copy/);
    assert.ok(
      !existsSync(join(fresh.root, ".tristack", "state")) &&
        !existsSync(join(fresh.root, "Pulumi.local.yaml")),
    );
    assert.deepEqual((await leftovers()).containers, []);
  });

  it("comes back: the release that ran, its database row for row, its passwords", async () => {
    const ran = succeeded(await rebuild(key.secretKey));
    const { seconds } = json<{ seconds: Record<string, number> }>(ran.stdout);
    console.log(`      on an empty host in ${ran.seconds.toFixed(1)} s: ${JSON.stringify(seconds)}`);
    assert.equal(await sums(), was.sums);
    assert.equal(await password(), was.password);
    assert.equal(await servedRelease(site), was.release);
    assert.equal((await site.ask("/api/items")).status, 200);
    const { releases } = json<{ releases: { version: string }[] }>(
      succeeded(await fresh.tristack(["releases", "local", "--json"])).stdout,
    );
    assert.deepEqual(
      releases.map((one) => one.version),
      [VERSION],
      "the ledger came along",
    );
  });

  it("is then a stack like any other: nothing to change, and its next backup is good", async () => {
    const here = ([name, value]: [string, string]) => [name, value.replaceAll(site.root, fresh.root)];
    fresh.exports = Object.fromEntries(Object.entries(site.exports).map(here)) as Record<string, string>;
    succeeded(await fresh.pulumi(["preview", "--stack", "local", "--expect-no-changes"]));
    const made = json<{ small: boolean; stateCopy: string }>(
      succeeded(await fresh.tristack(["backup", "now", "local", "--json"])).stdout,
    );
    assert.deepEqual([made.small, made.stateCopy], [false, "ok"]);
  });

  it("has left no key and no credential in what was said", () => {
    const all = [access, secret, generated("recovery key", key.secretKey)];
    const said = [...site.said, ...fresh.said].filter((text) => !text.includes("recovery-key --json"));
    assert.deepEqual(
      said.flatMap((text) => markersIn(text, all)),
      [],
    );
  });
});
