/** From a fresh clone to a site that answers, with the two commands of the README; and again, which changes nothing. */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { firstClone } from "../../support/e2e-clone.ts";
import { type Ran, run, succeeded } from "../../support/e2e-command.ts";
import { containers, psql, redis } from "../../support/e2e-engine.ts";
import { ask, jsonOf } from "../../support/e2e-http.ts";
import { echo } from "../../support/e2e-websocket.ts";
import { Workspace } from "../../support/e2e-workspace.ts";

describe("npm ci && npm start in a fresh clone", () => {
  let site: Workspace;
  let first: Ran;

  before(async () => {
    site = await Workspace.create("start");
    first = await site.npmStart();
    const { installSeconds } = await firstClone();
    console.log(`    npm ci ${installSeconds.toFixed(1)} s, npm start ${first.seconds.toFixed(1)} s`);
  });
  after(() => site?.dispose());

  it("ends with the URL", () => {
    succeeded(first);
    const lastLines = first.stdout.trim().split("\n").slice(-12).join("\n");
    assert.match(lastLines, new RegExp(`${site.origin}(/|\\s)`));
  });

  it("prints the exports that plain Pulumi needs", () => {
    assert.deepEqual(Object.keys(site.exports).sort(), [
      "PULUMI_BACKEND_URL",
      "PULUMI_CONFIG_PASSPHRASE_FILE",
    ]);
  });

  it("answers / and /api/... with 200 over HTTPS", async () => {
    const page = await site.ask("/");
    assert.equal(page.status, 200);
    assert.match(page.body.toString("utf8"), /<html/i);
    const items = await site.ask("/api/items");
    assert.equal(items.status, 200);
    assert.ok(Array.isArray(jsonOf(items)));
  });

  it("answers HTTP with a redirect to HTTPS that keeps path and query, on the right port", async () => {
    const answer = await ask(`http://localhost:${site.ports.http}/some/page?with=query`);
    assert.equal(answer.status, 301);
    assert.equal(answer.headers.location, `${site.origin}/some/page?with=query`);
  });

  it("answers /health, which asks PostgreSQL and Redis", async () => {
    const answer = await site.ask("/health");
    assert.equal(answer.status, 200);
    const { status, checks } = jsonOf<{ status: string; checks: Record<string, string> }>(answer);
    assert.equal(status, "ok");
    assert.ok(Object.keys(checks).length >= 2, JSON.stringify(checks));
  });

  it("writes a row through the API that PostgreSQL itself has", async () => {
    const title = `row ${Date.now()}`;
    const created = await site.ask("/api/items", { method: "POST", json: { title } });
    assert.equal(created.status, 201);
    const { id } = jsonOf<{ id: number }>(created);
    assert.equal(await psql(`SELECT title FROM items WHERE id = ${id}`), title);
  });

  it("keeps a counter in Redis itself", async () => {
    const counted = await site.ask("/api/counter", { method: "POST" });
    assert.equal(counted.status, 200);
    const { value } = jsonOf<{ value: number }>(counted);
    assert.ok(value >= 1);
    assert.equal(await redis("GET", "sample:counter"), String(value));
  });

  it("sends the security headers with pages and with errors", async () => {
    for (const path of ["/", "/api/items/999999999"]) {
      const { headers } = await site.ask(path);
      assert.equal(headers["x-content-type-options"], "nosniff", path);
      assert.equal(headers["x-frame-options"], "SAMEORIGIN", path);
      assert.equal(headers["referrer-policy"], "strict-origin-when-cross-origin", path);
      assert.match(String(headers["permissions-policy"]), /camera=\(\)/, path);
      assert.doesNotMatch(String(headers.server), /\d/, "nginx's version is nobody's business");
      // Only a certificate that browsers trust may be insisted on.
      assert.equal(headers["strict-transport-security"], undefined, path);
    }
  });

  it("compresses for clients that take gzip, and for no others", async () => {
    const packed = await site.ask("/", { headers: { "accept-encoding": "gzip" } });
    assert.equal(packed.headers["content-encoding"], "gzip");
    assert.match(gunzipSync(packed.body).toString("utf8"), /<html/i);
    assert.equal((await site.ask("/")).headers["content-encoding"], undefined);
  });

  it("serves hashed assets as immutable, and as what they are: no browser runs a script that is plain text", async () => {
    const page = (await site.ask("/")).body.toString("utf8");
    for (const [ending, type] of [
      ["js", /javascript/],
      ["css", /^text\/css/],
    ] as const) {
      const [asset] = new RegExp(`/_next/static/[^"']+\\.${ending}`).exec(page) ?? [];
      assert.ok(asset !== undefined, `the page names a file of ${ending}`);
      const answer = await site.ask(asset);
      assert.equal(answer.status, 200);
      assert.match(String(answer.headers["content-type"]), type);
      assert.match(String(answer.headers["cache-control"]), /max-age=31536000.*immutable/);
    }
  });

  it("passes websockets through nginx", async () => {
    assert.equal(await echo(`${site.origin}/api/ws`, "over and out"), "over and out");
  });

  it("passes server-sent events on as they come", async () => {
    const twoTicks = (body: Buffer) => body.toString("utf8").split("event: tick").length > 2;
    const answer = await site.ask("/api/web/events", { enough: twoTicks, timeoutSeconds: 5 });
    assert.equal(answer.status, 200);
    assert.match(String(answer.headers["content-type"]), /^text\/event-stream/);
    assert.ok(twoTicks(answer.body));
  });

  it("shows nginx's own pages to nobody outside", async () => {
    const release = String((await site.ask("/")).headers["x-tristack-release"]);
    assert.ok(release.length > 8);
    const answers = [
      await site.ask("/__release"),
      await ask(`http://localhost:${site.ports.http}/__release`),
    ];
    for (const { body } of answers) assert.notEqual(body.toString("utf8").trim(), release);
    const published = (await containers()).flatMap((one) =>
      Object.entries(one.HostConfig.PortBindings ?? {}).map(([port, to]) => `${port} ${to[0]?.HostPort}`),
    );
    assert.deepEqual(published.sort(), [`8080/tcp ${site.ports.http}`, `8443/tcp ${site.ports.https}`]);
  });

  it("changes nothing when it is run again", async () => {
    const before = await identities();
    const again = succeeded(await site.npmStart());
    console.log(`      second npm start ${again.seconds.toFixed(1)} s`);
    assert.match(again.all, /0 changes \(\d+ unchanged\)/);
    assert.deepEqual(await identities(), before);
  });

  it("leaves git status clean", async () => {
    const { stdout } = succeeded(await run("git", ["status", "--porcelain"], { cwd: site.root }));
    assert.equal(stdout, "");
  });
});

/** Changes whenever a container is made anew, restarted or removed. */
async function identities(): Promise<string[]> {
  return (await containers()).map((one) => `${one.Id} ${one.State.Status} ${one.State.StartedAt}`).sort();
}
