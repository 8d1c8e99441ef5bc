/** Environments that come and go, on this machine's Docker: up, up again, down, and the sweep, each from a checkout of its own. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { LABEL } from "../../../components/shared/labels.ts";
import { PROJECT } from "../../support/e2e-clone.ts";
import { REPOSITORY, type Ran, ended, run, succeeded } from "../../support/e2e-command.ts";
import { type Container, containers, containersOf, docker, leftovers } from "../../support/e2e-engine.ts";
import { type Answer, ask, jsonOf } from "../../support/e2e-http.ts";
import { freePort } from "../../support/free-port.ts";
import { itFully } from "../../support/e2e-tier.ts";
import { BUCKET, Minio, REGION } from "../../support/e2e-minio.ts";
import { tagVersions, untagVersions } from "../../support/e2e-releases.ts";
import { Settings, Workspace, started } from "../../support/e2e-workspace.ts";

/** What `environment up --json` prints, as far as the tests read it. */
interface Up {
  readonly stack: string;
  readonly url: string;
  readonly expiresAt: string;
  readonly pullRequest: number | null;
  readonly created: boolean;
  readonly seeded: boolean;
}

interface Listed {
  readonly name: string;
  readonly pullRequest: number | null;
  readonly url: string | null;
  readonly version: string | null;
  readonly expiresAt: string | null;
  readonly expired: boolean;
}

const NOTHING = { containers: [], networks: [], volumes: [], images: [] };
const VERSIONS = ["env-1", "env-2"];
const SECRET = "a-secret-of-these-tests-0123456789";
const TEMPLATE = "Pulumi.preview.yaml";
/** Of these tests' own: another one may be on the machine. */
const EDGE = `${PROJECT}-edge`;
const FIXTURE =
  "INSERT INTO items (name, title) VALUES ('seeded one', 'seeded one'), ('seeded two', 'seeded two');\n";

describe("tristack environment", () => {
  let site: Workspace;
  let edgePort: number;
  /** What a CI job knows besides its checkout: where the state is, what decrypts it, and the secrets. */
  let job: Record<string, string>;

  before(async () => {
    site = await started("environment");
    await tagVersions(VERSIONS);
    edgePort = await makeTemplate(site);
    const file = site.exports.PULUMI_CONFIG_PASSPHRASE_FILE ?? "";
    job = {
      PULUMI_BACKEND_URL: site.exports.PULUMI_BACKEND_URL ?? "",
      PULUMI_CONFIG_PASSPHRASE: (await readFile(file, "utf8")).trim(),
      TRISTACK_SECRET_SECRET_KEY: SECRET,
    };
  });
  after(async () => {
    await untagVersions(VERSIONS);
    await site?.dispose();
    await removeEdge();
  });

  const environment = (args: readonly string[], from = site): Promise<Ran> =>
    from.tristack(["environment", ...args], { env: job });
  const up = async (...args: string[]): Promise<Up> => {
    const ran = succeeded(await environment(["up", ...args, "--json"]));
    console.log(`      up ${args.join(" ")}: ${ran.seconds.toFixed(1)} s`);
    return JSON.parse(ran.stdout) as Up;
  };
  const list = async (...args: string[]): Promise<Listed[]> =>
    JSON.parse(succeeded(await environment(["list", "--json", ...args])).stdout) as Listed[];

  it("comes up with a URL that answers, its database seeded", async () => {
    const seed = join(site.root, "fixture.sql");
    await writeFile(seed, FIXTURE);
    const made = await up("--pull-request", "42", "--version", "env-1", "--seed", seed);
    assert.equal(made.stack, "pr-42");
    assert.equal(made.pullRequest, 42);
    assert.equal(made.url, `https://pr-42.preview.example.com:${edgePort}`);
    assert.deepEqual([made.created, made.seeded], [true, true]);
    const page = await visit(made.url, "/");
    assert.equal(page.status, 200);
    assert.match(page.body.toString("utf8"), /<html/i);
    assert.deepEqual(await titles(made.url), ["seeded one", "seeded two"]);
  });

  it("is brought up to date by a push, keeps its data and its address, and lives longer", async () => {
    const [before] = await list();
    const again = await up("--pull-request", "42", "--version", "env-2", "--expires-in", "9d");
    assert.deepEqual([again.created, again.seeded], [false, false]);
    assert.equal(again.url, before?.url);
    assert.ok(again.expiresAt > String(before?.expiresAt));
    assert.match(String((await visit(again.url, "/api/items")).headers["x-tristack-release"]), /^env-2-/);
    assert.equal((await titles(again.url)).length, 2);
  });

  it("is brought up to date from another checkout without a change", async () => {
    const ids = async () => (await containers("pr-42")).map((one) => one.Id).sort();
    const before = await ids();
    const other = await elsewhere(site);
    const ran = succeeded(await environment(["up", "pr-42", "--version", "env-2"], other));
    assert.match(ran.stdout, /pr-42 is up to date: env-2/);
    assert.deepEqual(await ids(), before);
  });

  it("is listed with its pull request, version, URL and end", async () => {
    const [one, ...others] = await list();
    assert.deepEqual(others, [], "the stack of npm start is none");
    assert.deepEqual(
      [one?.name, one?.pullRequest, one?.version, one?.expired],
      ["pr-42", 42, "env-2", false],
    );
    const later = new Date(Date.parse(String(one?.expiresAt)) + 1000).toISOString();
    assert.equal((await list("--now", later))[0]?.expired, true);
  });

  it("shows neither its secret nor the passphrase in anything that was said", () => {
    for (const secret of [SECRET, String(job.PULUMI_CONFIG_PASSPHRASE)])
      assert.ok(!site.said.join("\n").includes(secret));
  });

  it("redirects from HTTP to its own name, and answers under no other", async () => {
    const published = (await docker("port", EDGE, "8080/tcp")).split("\n")[0]?.replace(/^.*:/, "");
    const plain = (host: string) => ask(`http://localhost:${published}/a?b=c`, { headers: { host } });
    const own = await plain("pr-42.preview.example.com");
    assert.equal(own.headers.location, `https://pr-42.preview.example.com:${edgePort}/a?b=c`);
    // Names that lead somewhere without the edge's own domain: this machine, and a container beside.
    for (const other of ["pr-41.preview.example.com", "localhost", "postgres", EDGE])
      assert.equal((await plain(other)).status, 404, other);
    await assert.rejects(visit(`https://localhost:${edgePort}`, "/"));
  });

  it("from a template without an edge gets ports of its own, data of a dump, and goes without its template", async () => {
    const template = "previews-with-ports.yaml";
    await edit(site, (settings) => settings.set(["proxy"], undefined), template);
    const seed = await dumpOf("pr-42", join(site.root, "data.dump.gz"));
    const seeding = ["--seed", seed, "--expires-in", "1h"];
    const made = await up("demo", "--version", "env-1", "--template", template, ...seeding);
    const port = Number(new URL(made.url).port);
    assert.ok(port > 20_000 && port < 25_000, made.url);
    assert.equal((await visit(made.url, "/")).status, 200);
    assert.deepEqual(await titles(made.url), ["seeded one", "seeded two"]);
    await create(made.url, "written after the seed");
    succeeded(await environment(["down", "demo"], await elsewhere(site)));
    await gone("demo");
  });

  it("after a first up that failed before anything was there is listed, and goes", async () => {
    const ran = ended(await environment(["up", "--pull-request", "43", "--version", "no-such-version"]), 1);
    assert.doesNotMatch(ran.all, /^ {4}at /m);
    assert.deepEqual(
      (await list()).map(({ name, url }) => [name, url === null]),
      [
        ["pr-42", false],
        ["pr-43", true],
      ],
    );
    succeeded(await environment(["down", "pr-43"], await elsewhere(site)));
    await gone("pr-43");
  });

  it("after a first up that failed halfway leaves nothing when it goes", async () => {
    const own = await readFile(join(site.root, TEMPLATE), "utf8");
    await edit(site, (settings) => settings.set(["services", "api", "migrate"], ["false"]));
    ended(await environment(["up", "--pull-request", "44", "--version", "env-1"]), 1);
    await writeFile(join(site.root, TEMPLATE), own);
    assert.ok((await leftovers("pr-44")).containers.length > 3, "it got that far");
    succeeded(await environment(["down", "pr-44"], await elsewhere(site)));
    await gone("pr-44");
  });

  it("is kept in a bucket as well as in files: found, listed and destroyed from an empty checkout", async () => {
    const keys = { access: "an-access-key", secret: "a-secret-key-of-these-tests" };
    const s3 = await Minio.start(await site.folder("s3"), keys);
    const files = { ...job };
    try {
      const query = `region=${REGION}&endpoint=127.0.0.1:${s3.port}&disableSSL=true&s3ForcePathStyle=true`;
      job.PULUMI_BACKEND_URL = `s3://${BUCKET}?${query}`;
      job.AWS_ACCESS_KEY_ID = keys.access;
      job.AWS_SECRET_ACCESS_KEY = keys.secret;
      ended(await environment(["up", "--pull-request", "46", "--version", "no-such-version"]), 1);
      const other = await elsewhere(site);
      const { stdout } = succeeded(await environment(["list", "--json"], other));
      assert.deepEqual(
        (JSON.parse(stdout) as Listed[]).map(({ name }) => name),
        ["pr-46"],
      );
      succeeded(await environment(["sweep", "--closed", "46"], other));
      assert.deepEqual(JSON.parse(succeeded(await environment(["list", "--json"], other)).stdout), []);
    } finally {
      job = files;
      await s3.stop();
    }
  });

  it("refuses to destroy or to bring up what is protected, 10 of 10, and removes nothing", async () => {
    await protectedStacks(site, job);
    const [before, stacks] = [await leftovers(), await stackNames(site, job)];
    const names = ["staging", "production", "guarded", "pr-7", "pr-8"];
    const told = names.flatMap((name) => [
      ["down", name],
      ["up", name, "--version", "env-1"],
    ]);
    for (const args of told) {
      const ran = ended(await environment(args), 2);
      assert.match(ran.stderr, /is protected|was not made by/, args.join(" "));
    }
    // What npm start has made is not protected, and no environment either.
    const local = ended(await environment(["down", "local"]), 2);
    assert.match(local.stderr, /is no preview environment/);
    assert.deepEqual(await leftovers(), before);
    assert.deepEqual(await stackNames(site, job), stacks);
  });

  it("is swept from an empty checkout once its time is over; what has time left stays", async () => {
    const short = await up("--pull-request", "45", "--version", "env-1", "--expires-in", "1d");
    const empty = await elsewhere(site);
    const now = new Date(Date.parse(short.expiresAt) + 1000).toISOString();
    const dry = succeeded(await environment(["sweep", "--now", now, "--dry-run"], empty));
    assert.match(dry.stdout, /^would destroy pr-45: expired at/m);
    assert.doesNotMatch(dry.stdout, /pr-42|pr-7|staging|guarded|local/);
    const others = (await list()).map(({ name }) => name).filter((name) => name !== "pr-45");
    const before = await leftovers("pr-42");
    succeeded(await environment(["sweep", "--now", now], empty));
    await gone("pr-45");
    assert.deepEqual(await leftovers("pr-42"), before);
    assert.deepEqual(
      (await list()).map(({ name }) => name),
      others,
    );
    assert.ok(!existsSync(join(empty.root, "Pulumi.pr-45.yaml")));
  });

  it("is never production's stack, even if somebody has called that an environment and its request is closed", async () => {
    const stacks = await stackNames(site, job);
    const tag = JSON.stringify({
      expiresAt: "2020-01-01T00:00:00Z",
      createdAt: "2020-01-01T00:00:00Z",
      template: "x",
    });
    const set = ["stack", "tag", "set", "tristack:environment", tag, "--stack", "pr-7"];
    succeeded(await site.pulumi(set, { env: job }));
    const { stdout } = succeeded(await environment(["sweep", "--closed", "7", "--json"]));
    assert.deepEqual(JSON.parse(stdout), { destroyed: [], failed: [] });
    assert.deepEqual(await stackNames(site, job), stacks);
  });

  it("goes when its pull request is closed, in less than 3 minutes, and leaves nothing", async () => {
    const ran = succeeded(await environment(["sweep", "--open", "none"], await elsewhere(site)));
    console.log(`      destroyed in ${ran.seconds.toFixed(1)} s`);
    assert.ok(ran.seconds < 180, `${ran.seconds} s`);
    await gone("pr-42");
    const again = ended(await environment(["down", "pr-42"]), 2);
    assert.match(again.stderr, /There is no environment pr-42/);
    succeeded(await environment(["down", "pr-42", "--if-exists"]));
  });

  itFully("ten stand side by side and see nothing of each other", async () => {
    const all: Up[] = [];
    for (let number = 101; number <= 110; number += 1)
      all.push(await up("--pull-request", String(number), "--version", "env-1"));
    assert.equal(new Set(all.map(({ url }) => url)).size, 10);
    for (const { url, stack } of all) await create(url, `of ${stack}`);
    for (const { url, stack } of all) assert.deepEqual(await titles(url), [`of ${stack}`]);
    for (const { stack } of all) await seesOnlyItself(stack, all);
    const ran = succeeded(await environment(["sweep", "--open", "none"], await elsewhere(site)));
    console.log(`      ten destroyed in ${ran.seconds.toFixed(1)} s`);
    for (const { stack } of all) await gone(stack);
  });
});

/** Nothing of it is in Docker, and no stack in the backend's list. */
async function gone(stack: string): Promise<void> {
  assert.deepEqual(await leftovers(stack), NOTHING);
}

async function stackNames(site: Workspace, env: Record<string, string>): Promise<string[]> {
  const { stdout } = succeeded(await site.pulumi(["stack", "ls", "--json"], { env }));
  return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
}

/** One request as a browser makes it that finds the host by its name. */
function visit(url: string, path: string, more: { method?: string; json?: unknown } = {}): Promise<Answer> {
  const { host, port } = new URL(url);
  return ask(`https://localhost:${port}${path}`, { ...more, headers: { host } });
}

async function titles(url: string): Promise<string[]> {
  const items = jsonOf<{ title: string }[]>(await visit(url, "/api/items"));
  return items.map(({ title }) => title).sort();
}

async function create(url: string, title: string): Promise<void> {
  assert.equal((await visit(url, "/api/items", { method: "POST", json: { title } })).status, 201);
}

/** No container of one is in a network of another, and none reaches the database of another. */
async function seesOnlyItself(stack: string, all: readonly Up[]): Promise<void> {
  const own = await containers(stack);
  const networksOf = (one: Container) =>
    // Containers that carry secrets are in none, which Docker tells as a network of that name.
    Object.keys(one.NetworkSettings.Networks).filter((name) => ![EDGE, "none"].includes(name));
  const networks = own.flatMap(networksOf);
  const atTheEdge = own.filter((one) => EDGE in one.NetworkSettings.Networks);
  assert.deepEqual(
    atTheEdge.map((one) => one.Config.Labels[LABEL.resource]),
    ["proxy"],
  );
  const api = own.find((one) => one.Config.Labels[LABEL.service] === "api");
  for (const other of all.filter((one) => one.stack !== stack)) {
    const theirs = await containers(other.stack);
    for (const one of theirs) assert.ok(!networksOf(one).some((name) => networks.includes(name)));
    const database = theirs.find((one) => one.Config.Labels[LABEL.resource] === "postgres");
    const [network] = Object.values(database?.NetworkSettings.Networks ?? {});
    const script = `import socket,sys\ntry: socket.create_connection((sys.argv[1],5432),1)\nexcept OSError: sys.exit(0)\nsys.exit(1)`;
    await docker("exec", api?.Id ?? "", "python", "-c", script, network?.IPAddress ?? "");
  }
}

/** A checkout as a CI job has it: nothing but what is tracked, and the team's template among that. */
async function elsewhere(site: Workspace): Promise<Workspace> {
  const other = await Workspace.beside("elsewhere");
  await writeFile(join(other.root, TEMPLATE), await readFile(join(site.root, TEMPLATE), "utf8"));
  return other;
}

/** The shipped template, for this machine: its Docker, its images. */
async function makeTemplate(site: Workspace): Promise<number> {
  const local = parseDocument(await readFile(join(site.root, "Pulumi.local.yaml"), "utf8"));
  const images = (local.toJS() as { config: Record<string, unknown> }).config[`${PROJECT}:images`];
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  await edit(site, (settings) => {
    settings.set(["proxy"], { edge: EDGE, httpPort, httpsPort });
    settings.set(["host"], undefined);
    settings.set(["registries"], undefined);
    settings.set(["images"], images);
    for (const service of ["web", "api"]) {
      settings.set(["services", service, "image"], `tristack.local/${service}`);
      settings.set(["services", service, "drain"], "5s");
      // Other tests may be at work on this machine.
      settings.set(["services", service, "health", "startup"], "3m");
    }
  });
  return httpsPort;
}

/** @param to where the changed template goes. @default its own place */
async function edit(site: Workspace, change: (settings: Settings) => void, to = TEMPLATE): Promise<void> {
  const document = parseDocument(await readFile(join(site.root, TEMPLATE), "utf8"));
  change(new Settings(document));
  await writeFile(join(site.root, to), document.toString({ lineWidth: 0 }));
}

/** The database of a stack as a compressed dump in PostgreSQL's own format. */
async function dumpOf(stack: string, file: string): Promise<string> {
  const [database] = await containersOf("postgres", stack);
  const { Id } = database ?? assert.fail(`no database of ${stack}`);
  const script = 'docker exec "$1" pg_dump -U app -d app -Fc | gzip > "$2"';
  succeeded(await run("sh", ["-c", script, "sh", Id, file], { cwd: REPOSITORY }));
  return file;
}

/** It is the host's, and stays when the last environment goes. */
async function removeEdge(): Promise<void> {
  for (const args of [
    ["rm", "--force", EDGE],
    ["network", "rm", EDGE],
  ])
    await run("docker", args, { cwd: REPOSITORY });
}

/**
 * Three stacks that are protected, each for another reason than its name: two by their state, which says production, and
 * one by settings of its own that no update has reached yet.
 */
async function protectedStacks(site: Workspace, env: Record<string, string>): Promise<void> {
  for (const stack of ["guarded", "pr-7"]) {
    const root = {
      urn: `urn:pulumi:${stack}::${PROJECT}::pulumi:pulumi:Stack::${PROJECT}-${stack}`,
      custom: false,
      type: "pulumi:pulumi:Stack",
      outputs: { environment: { name: stack, kind: "production" }, target: "vps" },
    };
    const state = {
      version: 3,
      deployment: { manifest: { time: "2026-01-01T00:00:00Z" }, resources: [root] },
    };
    succeeded(await site.pulumi(["stack", "init", stack, "--no-select"], { env }));
    const input = JSON.stringify(state);
    succeeded(await site.pulumi(["stack", "import", "--stack", stack], { env, input }));
    await rm(join(site.root, `Pulumi.${stack}.yaml`), { force: true });
  }
  const shipped = await readFile(join(site.root, "Pulumi.staging.yaml"), "utf8");
  await writeFile(join(site.root, "Pulumi.pr-8.yaml"), shipped);
}
