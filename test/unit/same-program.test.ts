/** Whether a deploy brings nothing but another release, which decides whether it needs a preview. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Entry } from "../../cli/ledger.ts";
import { parseStackFile } from "../../cli/project.ts";
import { isSameProgram, programFingerprint } from "../../cli/same-program.ts";
import { outputsOf, readCheckpoint, writtenAt } from "../../cli/stack-state.ts";

const NOW = "2026-11-26T05:00:00.1Z";

describe("a deploy that brings the release alone", () => {
  let root: string;
  const write = (name: string, text: string) => writeFileSync(join(root, name), text);
  const context = (settings = "  shop:domain: a.example\n") => {
    const project = { root, name: "shop" };
    return { project, file: parseStackFile(project, "production", `config:\n${settings}`) };
  };
  const passed = (change: Partial<Entry> = {}): Entry => ({
    id: "v1-0badcafe",
    version: "v1",
    commit: null,
    digests: {},
    images: {},
    settings: { services: {}, proxy: { bodyLimit: "10MiB", timeout: "60s" } },
    schema: null,
    at: NOW,
    by: "ann",
    kind: "deploy",
    passed: true,
    reason: null,
    program: { fingerprint: programFingerprint(context()), stateTime: NOW },
    ...change,
  });

  before(() => {
    root = mkdtempSync(join(tmpdir(), "tristack-"));
    mkdirSync(join(root, "components/docker"), { recursive: true });
    for (const name of [
      "Pulumi.yaml",
      "index.ts",
      "main.js",
      "package-lock.json",
      "components/docker/volume.ts",
    ])
      write(name, "as it was");
  });
  after(() => rmSync(root, { recursive: true }));

  it("is known by what the last deploy has written down", () => {
    assert.equal(isSameProgram(passed(), programFingerprint(context()), NOW), true);
    const released = context("  shop:domain: a.example\n  shop:release: { version: v2 }\n");
    assert.equal(isSameProgram(passed(), programFingerprint(released), NOW), true);
  });

  it("is known after one that was gone back from, too", () => {
    assert.equal(isSameProgram(passed({ passed: false }), programFingerprint(context()), NOW), true);
  });

  it("is none after a rollback, an update by somebody else, or a deploy of an older Tristack", () => {
    const unlike: [Entry | undefined, string | undefined][] = [
      [passed({ kind: "rollback" }), NOW],
      [passed(), "2026-11-26T05:00:01Z"],
      [passed(), undefined],
      [passed({ program: undefined }), NOW],
      [undefined, NOW],
    ];
    for (const [last, stateTime] of unlike)
      assert.equal(isSameProgram(last, programFingerprint(context()), stateTime), false);
  });

  it("may have other containers, and nothing that a volume or a repository follows from", () => {
    const service = (settings: string) =>
      context(`  shop:services: { web: { image: shop/web, ${settings} } }\n`);
    const last = passed({
      program: { fingerprint: programFingerprint(service("assets: { path: /a }")), stateTime: NOW },
    });
    const same = (settings: string) => isSameProgram(last, programFingerprint(service(settings)), NOW);
    assert.equal(
      same("assets: { path: /a }, environment: { MODE: other }, replicas: 3, health: { path: /h }"),
      true,
    );
    for (const other of ["assets: { path: /b }", "replicas: 3", "assets: { path: /a }, uses: [cache]"])
      assert.equal(same(other), false, other);
    const renamed = context("  shop:services: { site: { image: shop/web, assets: { path: /a } } }\n");
    assert.equal(isSameProgram(last, programFingerprint(renamed), NOW), false);
  });

  it("is none when a setting has changed, or the program, or its libraries", () => {
    const last = passed();
    assert.equal(isSameProgram(last, programFingerprint(context("  shop:domain: b.example\n")), NOW), false);
    for (const name of ["components/docker/volume.ts", "index.ts", "package-lock.json"]) {
      write(name, "changed");
      assert.equal(isSameProgram(last, programFingerprint(context()), NOW), false, name);
      write(name, "as it was");
    }
    write("components/docker/new.ts", "");
    assert.equal(isSameProgram(last, programFingerprint(context()), NOW), false);
  });
});

describe("a state", () => {
  const MARK = "4dabf18193072939515e22adb298388d";
  const state = {
    manifest: { time: NOW },
    resources: [
      {
        urn: "urn:stack",
        type: "pulumi:pulumi:Stack",
        outputs: {
          urls: { web: "https://a.example" },
          list: [1, { [MARK]: "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:abc" }],
        },
      },
    ],
  };

  it("has the outputs without their secrets, and the time", () => {
    assert.deepEqual(outputsOf(state), { urls: { web: "https://a.example" }, list: [1, "[secret]"] });
    assert.equal(writtenAt(state), NOW);
    assert.deepEqual([outputsOf({}), writtenAt({})], [{}, undefined]);
  });

  it("of a file backend is read where it lies, and Pulumi is asked where that is not what this knows", async () => {
    const root = mkdtempSync(join(tmpdir(), "tristack-state-"));
    const read = (text: string) => {
      writeFileSync(join(root, "shop.json"), text);
      return readCheckpoint(join(root, "shop.json"));
    };
    const stack = "organization/shop/production";
    try {
      assert.equal(await readCheckpoint(join(root, "shop.json")), undefined);
      assert.deepEqual(
        await read(JSON.stringify({ version: 3, checkpoint: { stack, latest: state } })),
        state,
      );
      assert.deepEqual(await read(JSON.stringify({ version: 3, checkpoint: { stack } })), {});
      assert.equal(
        await read(JSON.stringify({ version: 4, checkpoint: { stack, latest: state } })),
        undefined,
      );
      assert.equal(await read("{"), undefined);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
