/** Parts of the web on Vercel: which requests it hands on, and how its SDK is found. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { handedOn } from "../../components/vercel/handed-on.ts";
import { PACKAGE, VERSION, vercelSdk } from "../../components/vercel/sdk.ts";

describe("the requests that Vercel hands on", () => {
  const led = (services: readonly string[], web: readonly string[]) => {
    const pattern = new RegExp(handedOn(services, web));
    return (path: string) => pattern.exec(path)?.[1] ?? null;
  };

  it("are those of the services' routes, and of what is below them", () => {
    const path = led(["/api", "/health/", "/v1.0"], []);
    for (const one of ["/api", "/api/", "/api/items/1", "/health", "/v1.0/x"]) assert.equal(path(one), one);
    for (const one of ["/", "/apis", "/healthy", "/v1x0/x", "/web/api"]) assert.equal(path(one), null);
  });

  it("go to whom the longest match belongs to, as with nginx", () => {
    const part = fc.constantFrom("/a", "/ab", "/c.d");
    const route = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(""));
    const owned = fc.dictionary(route, fc.constantFrom("service", "web"), { minKeys: 1, maxKeys: 8 });
    fc.assert(
      fc.property(owned, route, (owners, path) => {
        const of = (owner: string) => Object.keys(owners).filter((one) => owners[one] === owner);
        fc.pre(of("service").length > 0);
        const [longest] = Object.keys(owners)
          .filter((one) => `${path}/`.startsWith(`${one}/`))
          .sort((a, b) => b.length - a.length);
        const wanted = longest !== undefined && owners[longest] === "service" ? path : null;
        assert.equal(led(of("service"), of("web"))(path), wanted);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("Vercel's SDK", () => {
  let root: string;
  before(() => (root = mkdtempSync(join(tmpdir(), "tristack-vercel-"))));
  after(() => rmSync(root, { recursive: true }));

  /** What looks for packages where there is one of this version. */
  const installed = (version: string) => {
    const folder = join(root, version, "node_modules", PACKAGE);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: PACKAGE, version, main: "index.js" }));
    writeFileSync(join(folder, "index.js"), "exports.Project = class {};");
    return createRequire(join(root, version, "program.js"));
  };

  it("is taken in the one version that this was built against", () => {
    const message = (is: string) =>
      `web.on is vercel, and ${PACKAGE} is ${is}; needs ${VERSION}:\n  npm install --save-exact ${PACKAGE}@${VERSION}`;
    assert.throws(() => vercelSdk(createRequire(join(root, "program.js"))), {
      message: message("not installed"),
    });
    assert.throws(() => vercelSdk(installed("5.3.1")), { message: message("5.3.1") });
    assert.equal(typeof vercelSdk(installed(VERSION)).Project, "function");
  });

  const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

  it("is of the version of the record that the stand-in is made from, and of the docs", () => {
    assert.equal((JSON.parse(read("test/support/vercel-sdk.json")) as { version: string }).version, VERSION);
    assert.ok(read("docs/aws.md").includes(`npm install --save-exact ${PACKAGE}@${VERSION}`));
  });

  it("is fetched by nobody who has not installed it, with its plugin for every stack", () => {
    const manifest = JSON.parse(read("package.json")) as Record<string, Record<string, string> | undefined>;
    for (const kind of ["devDependencies", "optionalDependencies", "peerDependencies"])
      assert.equal(manifest[kind]?.[PACKAGE], undefined, kind);
    // A copy of this project that has its web on Vercel has it here.
    assert.ok([undefined, VERSION].includes(manifest.dependencies?.[PACKAGE]));
  });
});
