/** What the engine's events say of drift: which differences there are, which are noise, what is masked, how it is told. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  CONTAINER,
  DEPLOYMENT,
  HIDDEN,
  VOLUME,
  type Values,
  WEB,
  found,
  planned,
  refreshed,
  urnOf,
} from "../support/drift-events.ts";
import { NOISE, noiseOf } from "../../cli/drift/noise.ts";
import { maskedAt, pathParts } from "../../cli/drift/values.ts";

const UP = "npx pulumi up --refresh --stack shop";

describe("drift by the engine's events", () => {
  it("is nothing where all is as it was, be it that outputs differ", () => {
    const same = { image: "a" };
    const events = [
      refreshed(WEB, { old: same, current: same }),
      planned("same", WEB, { old: same, current: same }),
      refreshed(["tristack:docker:Proxy", "proxy"], { old: {}, current: {} }),
      planned("read", ["pulumi:pulumi:StackReference", "self"], { current: {} }),
    ];
    assert.deepEqual(found(...events), { findings: [], noise: [] });
  });

  it("is what is missing, and what the update would make again", () => {
    const events = [
      refreshed(WEB, { old: { image: "a" } }),
      planned("create", WEB, { current: { image: "a" } }),
    ];
    const [one, ...more] = found(...events).findings;
    assert.deepEqual(more, []);
    assert.deepEqual(one, {
      kind: "missing",
      resource: "docker Container web",
      urn: urnOf(...WEB),
      properties: [],
      mend: UP,
    });
  });

  it("says of a volume that is missing that its data is lost", () => {
    const data = [VOLUME, "postgres-data"] as const;
    const [one] = found(refreshed(data, { old: {} }), planned("create", data, { current: {} })).findings;
    assert.match(one?.says ?? "", /lost/);
    assert.match(one?.mend ?? "", /tristack restore shop/);
  });

  it("is what changed, old and new, once, though the update speaks of it as well", () => {
    const [was, is] = [
      { memory: 256, restart: "always" },
      { memory: 300, restart: "always" },
    ];
    const events = [
      refreshed(WEB, { old: was, current: is, paths: ["memory"] }),
      planned("update", WEB, { old: is, current: was, paths: ["memory"] }),
    ];
    const { findings } = found(...events);
    assert.deepEqual(
      findings.map(({ kind, properties, mend }) => ({ kind, properties, mend })),
      [{ kind: "changed", properties: [{ path: "memory", before: 256, after: 300 }], mend: UP }],
    );
  });

  it("is taken over by a refresh where the program leaves it alone", () => {
    const events = [refreshed(WEB, { old: { a: 1 }, current: { a: 2 }, paths: ["a"] })];
    assert.equal(found(...events).findings[0]?.mend, "npx pulumi refresh --stack shop");
  });

  it("tells apart what the next update would change anyway, made anew or not", () => {
    const api = [CONTAINER, "api"] as const;
    const events = [
      refreshed(WEB, { old: { a: 1 }, current: { a: 1 } }),
      planned("update", WEB, { old: { a: 1 }, current: { a: 2 }, paths: ["a"] }),
      planned("create-replacement", api, { old: { b: 1 }, current: { b: 2 }, paths: ["b"] }),
      planned("replace", api, { old: { b: 1 }, current: { b: 2 }, paths: ["b"] }),
      planned("delete-replaced", api, { old: { b: 1 } }),
      planned("delete", [CONTAINER, "old"], { old: {} }),
    ];
    const told = found(...events).findings.map(({ kind, says, properties }) => [
      kind,
      says,
      properties.length,
    ]);
    assert.deepEqual(told, [
      ["pending", "the next update would have it updated", 1],
      ["pending", "the next update would have it replaced", 1],
      ["pending", "the next update would have it deleted", 0],
    ]);
  });

  it("keeps the drift of a resource and new settings of it apart", () => {
    const events = [
      refreshed(WEB, { old: { a: 1, b: 1 }, current: { a: 2, b: 1 }, paths: ["a"] }),
      planned("update", WEB, { old: { a: 2, b: 1 }, current: { a: 1, b: 9 }, paths: ["a", "b"] }),
    ];
    const told = found(...events).findings.map(({ kind, properties }) => [
      kind,
      properties.map(({ path }) => path),
    ]);
    assert.deepEqual(told, [
      ["changed", ["a"]],
      ["pending", ["b"]],
    ]);
  });

  it("names the deepest place, by the provider's path and by what differs within", () => {
    const at = (image: string) => ({
      spec: { template: { containers: [{ name: "web", image, ports: [80] }] } },
    });
    const paths = ["spec", "spec.template.containers[0].image"];
    const [one] = found(refreshed([DEPLOYMENT, "web"], { old: at("a"), current: at("b"), paths })).findings;
    assert.deepEqual(one?.properties, [
      { path: "spec.template.containers[0].image", before: "a", after: "b" },
    ]);
    const [whole] = found(
      refreshed([DEPLOYMENT, "web"], { old: at("a"), current: at("b"), paths: ["spec"] }),
    ).findings;
    assert.deepEqual(
      whole?.properties.map(({ path }) => path),
      ["spec.template.containers[web].image"],
    );
  });

  it("leaves noise out by name, and says so", () => {
    const events = [
      refreshed(WEB, { old: { mustRun: true }, current: { mustRun: false }, paths: ["mustRun"] }),
      planned("update", WEB, { old: { mustRun: false }, current: { mustRun: true }, paths: ["mustRun"] }),
      planned("update", [DEPLOYMENT, "web"], { old: {}, current: {} }),
    ];
    const { findings, noise } = found(...events);
    assert.deepEqual(findings, []);
    assert.deepEqual([...new Set(noise.map((one) => one.noise))], ["docker-run-once", "nothing-to-change"]);
  });

  it("has a reason for each noise, and for nothing that a person would change", () => {
    assert.ok(NOISE.every(({ name, reason }) => /^[a-z-]+$/.test(name) && reason.length > 20));
    const real = [
      "spec.replicas",
      "spec.template.spec.containers[0].image",
      "data.A",
      "spec.type",
      "metadata.labels.a",
    ];
    for (const path of real) assert.equal(noiseOf(DEPLOYMENT, path), undefined, path);
    assert.equal(noiseOf("kubernetes:core/v1:Service", "spec.selector.app"), undefined);
    const hash = 'spec.selector["rollouts-pod-template-hash"]';
    assert.equal(noiseOf("kubernetes:core/v1:Service", hash), "kubernetes-moved-by-rollouts");
    const weight = "spec.weighted.services[0].weight";
    assert.equal(
      noiseOf("kubernetes:traefik.io/v1alpha1:TraefikService", weight),
      "kubernetes-moved-by-rollouts",
    );
    assert.equal(noiseOf(DEPLOYMENT, "status.replicas"), "kubernetes-written-by-the-cluster");
    const revision = 'metadata.annotations["deployment.kubernetes.io/revision"]';
    assert.equal(noiseOf(DEPLOYMENT, revision), "kubernetes-annotated-by-controllers");
    assert.equal(noiseOf("aws:s3/bucket:Bucket", "tagsAll.a"), "aws-tags-all");
    assert.equal(noiseOf("aws:s3/bucket:Bucket", "tags.a"), undefined);
  });
});

describe("values of drift", () => {
  const at = (values: Values, path: string, type = CONTAINER) =>
    JSON.stringify(maskedAt(type, values, pathParts(path)));

  it("are found by the engine's paths", () => {
    assert.deepEqual(pathParts('a.b[2].c["d.e/f"].g'), ["a", "b", 2, "c", "d.e/f", "g"]);
    assert.equal(at({ a: [{ "b.c": 7 }] }, 'a[0]["b.c"]'), "7");
    assert.equal(at({ a: 1 }, "b.c"), undefined);
  });

  it("are masked where Pulumi, their name, their place or their look says that they are secret", () => {
    const masked: [Values, string, string?][] = [
      [{ a: HIDDEN }, "a"],
      [{ a: HIDDEN }, "a.b.c"],
      [{ password: "hunter2" }, "password"],
      [{ env: [{ name: "API_TOKEN", value: "hunter2" }] }, "env[0].value"],
      [{ envs: ["DB_PASSWORD=hunter2"] }, "envs"],
      [{ command: ["--token=hunter2"] }, "command"],
      [{ url: "postgresql://app:hunter2@db/app" }, "url"],
      [{ data: { a: "aHVudGVyMg==" } }, "data.a", "kubernetes:core/v1:Secret"],
    ];
    for (const [values, path, type] of masked) {
      const text = at(values, path, type) ?? "";
      assert.match(text, /\[secret\]/, path);
      assert.doesNotMatch(text, /hunter2|aHVu/, path);
    }
    assert.equal(at({ env: [{ name: "MODE", value: "fast" }] }, "env[0].value"), '"fast"');
    assert.equal(at({ spec: { secretName: "site-tls" } }, "spec.secretName"), '"site-tls"');
  });
});
