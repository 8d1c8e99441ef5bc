/** What decides about releases: the bake, the ledger, schemas, room on the host. Real ones are in test/e2e/docker. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { verdict } from "../../cli/bake.ts";
import { type Entry, goodReleases, imagesToRemove, readLedger, withEntry } from "../../cli/ledger.ts";
import { checkRoom, mebibytesUsed, memoryNeeded } from "../../cli/preflight.ts";
import { percentile } from "../../cli/probe.ts";
import { withRelease } from "../../cli/release-file.ts";
import { withoutMigrations } from "../../cli/rollout.ts";
import { incompatibility } from "../../cli/schema-revisions.ts";
import { accessOf } from "../../cli/traffic.ts";
import { releaseSettingsOf } from "../../components/release.ts";
import { blotOut } from "../../components/shared/secret-text.ts";
import { goodConfig, vpsSettings } from "../support/settings.ts";

const BOUNDS = { seconds: 60, maxErrors: 1, maxP99Milliseconds: 3000 };
const probe = (over: object = {}) => ({
  requests: 200,
  failed: 0,
  retried: 0,
  p99Milliseconds: 100,
  failures: [],
  ...over,
});
const NO_TRAFFIC = { requests: 0, failed: 0 };

function settings() {
  return releaseSettingsOf(vpsSettings(goodConfig()));
}

function entry(version: string, over: Partial<Entry> = {}): Entry {
  return {
    id: `${version}-id`,
    version,
    commit: null,
    digests: {},
    images: { web: `web:${version}`, api: `api:${version}` },
    settings: settings(),
    schema: null,
    at: "2026-11-24T10:00:00Z",
    by: "ann@desk",
    kind: "deploy",
    passed: true,
    reason: null,
    ...over,
  };
}

describe("the bake", () => {
  it("passes a release without failures, and one with as many as are allowed", () => {
    assert.equal(verdict(probe(), NO_TRAFFIC, BOUNDS), undefined);
    assert.equal(verdict(probe(), { requests: 1000, failed: 10 }, BOUNDS), undefined);
  });

  it("takes two failures for an accident and three for a rate", () => {
    assert.equal(verdict(probe({ requests: 10, failed: 2 }), NO_TRAFFIC, BOUNDS), undefined);
    assert.match(
      verdict(probe({ requests: 10, failed: 3 }), NO_TRAFFIC, BOUNDS) ?? "",
      /^3 of 10 requests failed \(30\.0 %/,
    );
  });

  it("counts what everybody saw, not the probe alone", () => {
    assert.match(verdict(probe(), { requests: 1000, failed: 11 }, BOUNDS) ?? "", /^11 of 1000 .*1\.1 %/);
  });

  it("fails a release that is too slow, once there are enough answers to say so", () => {
    assert.match(verdict(probe({ p99Milliseconds: 3001 }), NO_TRAFFIC, BOUNDS) ?? "", /took up to 3001 ms/);
    assert.equal(verdict(probe({ p99Milliseconds: 3001, requests: 99 }), NO_TRAFFIC, BOUNDS), undefined);
  });

  it("knows the 99th percentile", () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    assert.equal(percentile(values, 99), 198);
    assert.equal(percentile([7], 99), 7);
    assert.equal(percentile([], 99), 0);
  });

  it("reads release and status of nginx's log, and nothing else", () => {
    const line = '{"time":"t","method":"GET","path":"/","status":502,"release":"v1-0badcafe"}';
    assert.deepEqual(accessOf(line), { release: "v1-0badcafe", status: 502 });
    assert.equal(accessOf("proxy: reloaded, release v1"), undefined);
    assert.equal(accessOf('{"time":"t","status":502'), undefined);
  });
});

describe("the ledger", () => {
  it("has each good release once, newest first", () => {
    const ledger = [
      entry("v1"),
      entry("v2"),
      entry("v3", { passed: false }),
      entry("v1", { kind: "rollback" }),
    ];
    assert.deepEqual(
      goodReleases(ledger).map((one) => one.version),
      ["v1", "v2"],
    );
  });

  it("keeps the images of five releases and of the one that runs", () => {
    const ledger = ["v1", "v2", "v3", "v4", "v5", "v6", "v7"].map((version) => entry(version));
    assert.deepEqual(imagesToRemove(ledger, "v7-id"), ["web:v1", "api:v1", "web:v2", "api:v2"]);
    assert.deepEqual(imagesToRemove(ledger, "v1-id"), ["web:v2", "api:v2"]);
    assert.deepEqual(imagesToRemove(ledger.slice(2), "v7-id"), []);
  });

  it("lets go of an image by its digest and by its tag, as it was pulled", () => {
    const digest = (digit: number) => `web@sha256:${String(digit).repeat(64)}`;
    const ledger = [1, 2, 3, 4, 5, 6].map((number) =>
      entry(`v${number}`, { images: { web: digest(number) } }),
    );
    assert.deepEqual(imagesToRemove(ledger, "v6-id"), [digest(1), "web:v1"]);
  });

  it("keeps an image that an older and a kept release share", () => {
    const ledger = ["v1", "v2", "v3", "v4", "v5", "v6"].map((version) =>
      entry(version, { images: { web: `web:${version}`, api: "api:same" } }),
    );
    assert.deepEqual(imagesToRemove(ledger, "v6-id"), ["web:v1"]);
  });

  it("is read back as it was written, without what is of another form", () => {
    const ledger = withEntry([entry("v1")], entry("v2"));
    assert.deepEqual(
      readLedger([...(JSON.parse(JSON.stringify(ledger)) as unknown[]), { odd: true }]),
      ledger,
    );
    assert.deepEqual(readLedger("damaged"), []);
  });

  it("forgets the oldest of more than a hundred", () => {
    let ledger: Entry[] = [];
    for (let number = 1; number <= 105; number += 1) ledger = withEntry(ledger, entry(`v${number}`));
    assert.equal(ledger.length, 100);
    assert.equal(ledger[0]?.version, "v6");
  });
});

describe("going back", () => {
  const old = { head: "1", worksWith: ["1"], headAlsoServes: [] };

  it("is possible on the same schema, one that declares to serve the older, and one that the older declares to know", () => {
    assert.equal(incompatibility(old, { head: "1", worksWith: ["1"], headAlsoServes: [] }), undefined);
    assert.equal(incompatibility(old, { head: "2", worksWith: ["2"], headAlsoServes: ["1"] }), undefined);
    assert.equal(
      incompatibility({ ...old, worksWith: ["1", "2"] }, { head: "2", worksWith: ["2"], headAlsoServes: [] }),
      undefined,
    );
  });

  it("is not on one that neither declares", () => {
    assert.match(
      incompatibility(old, { head: "2", worksWith: ["2"], headAlsoServes: [] }) ?? "",
      /at revision 2; the release was made for 1/,
    );
  });

  it("is not refused where nothing is declared", () => {
    assert.equal(incompatibility(null, old), undefined);
    assert.equal(incompatibility(old, null), undefined);
  });

  it("runs no migration, and leaves the ledger's settings as they were", () => {
    const before = settings();
    const copy = structuredClone(before);
    assert.ok(Object.values(before.services).some((service) => service.migrate));
    assert.ok(Object.values(withoutMigrations(before).services).every((service) => !service.migrate));
    assert.deepEqual(before, copy);
  });

  it("puts a release into the settings without touching what is encrypted", () => {
    const text =
      "config:\n  tristack:target: vps\n  tristack:secrets:\n    KEY:\n      secure: v1:abc\nencryptionsalt: v1:salt\n";
    const file = { name: "Pulumi.x.yaml", text, config: {} };
    const project = { root: "/nowhere", name: "tristack" };
    const result = parse(withRelease(project, file, { version: "v1", digests: {} })) as Record<
      string,
      unknown
    >;
    assert.deepEqual(result, {
      config: {
        "tristack:target": "vps",
        "tristack:secrets": { KEY: { secure: "v1:abc" } },
        "tristack:release": { version: "v1", digests: {} },
      },
      encryptionsalt: "v1:salt",
    });
  });
});

describe("room on the host", () => {
  const ROOM = { memoryAvailable: 1000, diskFree: 10_000, diskUsed: 50 };

  it("is judged by what runs, up to the limits", () => {
    const { services, proxy } = settings();
    const [name = ""] = Object.keys(services);
    const one = { [name]: { ...services[name], replicas: 2, memory: "100MiB" } } as typeof services;
    assert.equal(memoryNeeded({ services: one, proxy }, { [name]: 40 }), 100);
    assert.equal(memoryNeeded({ services: one, proxy }, { [name]: 90 }), 200);
    assert.equal(memoryNeeded({ services: one, proxy }, {}), 0);
  });

  it("refuses with every reason at once", () => {
    assert.deepEqual(checkRoom(ROOM, 1000), []);
    assert.throws(
      () => checkRoom({ memoryAvailable: 999, diskFree: 511, diskUsed: 99 }, 1000),
      /memory: 999 MiB are available.*\ndisk: 511 MiB are free \(99 % used\).*\nNothing was changed/,
    );
  });

  it("warns of a disk that gets full", () => {
    assert.match(checkRoom({ ...ROOM, diskUsed: 95 }, 0)[0] ?? "", /95 % full/);
  });

  it("takes what is a copy of files for free, whatever the control groups' version calls it", () => {
    const used = (stats?: Record<string, number>) =>
      mebibytesUsed({ memory_stats: { usage: 64 * 2 ** 20, stats } });
    assert.equal(used({ total_inactive_file: 16 * 2 ** 20, inactive_file: 1 }), 48);
    assert.equal(used({ inactive_file: 16 * 2 ** 20 }), 48);
    assert.equal(used(), 64);
    assert.equal(mebibytesUsed({ memory_stats: {} }), 0); // of one that has ended
    assert.equal(mebibytesUsed(undefined), 0);
  });
});

describe("a text that people read", () => {
  it("has none of the secrets in it, be one a part of another", () => {
    assert.equal(
      blotOut("url x://u:pw-long@h and pw", ["pw", "pw-long", ""]),
      "url x://u:[secret]@h and [secret]",
    );
  });
});
