/**
 * The provider's traps, by the numbers of docs/traps.md: those that the resource graph alone shows. Each of these tests
 * fails when the fix is taken out. What needs an engine is in test/e2e/full/traps.test.ts.
 */
import assert from "node:assert/strict";
import { type Graph, type Registered, buildGraph, stackFile } from "../support/graph.ts";

const CONTAINER = "docker:index/container:Container";
const VOLUME = "docker:index/volume:Volume";
/** Seconds that an application and a database need at least to end what they do. */
const GRACE = { application: 40, postgres: 120 };

const CONFIG = stackFile("Pulumi.production.yaml", {
  release: { version: "v1.0.0", digests: { web: `sha256:${"a".repeat(64)}` } },
  secrets: { SECRET_KEY: "x" },
});

describe("traps of the provider", () => {
  let graph: Graph;
  let containers: Registered[];
  let services: Registered[];

  before(async () => {
    graph = await buildGraph({ stack: "production", config: CONFIG, secretKeys: ["secrets"] });
    containers = graph.resources.filter(({ type }) => type === CONTAINER);
    services = containers.filter(({ name }) => /^(web|api)-v1\.0\.0-/.test(name));
    assert.equal(services.length, 4);
  });

  const named = (name: string) => {
    const found = containers.find((one) => one.name === name);
    assert.ok(found, `no container ${name}`);
    return found;
  };
  /** Never started: they only carry files. */
  const isCarrier = ({ inputs }: Registered) => inputs.start === false;
  const hasName = (list: Registered[]) => list.map(({ name }) => name);

  it("1: what is deleted is stopped in order, and not killed at once", () => {
    for (const one of services)
      assert.ok(Number(one.inputs.destroyGraceSeconds) >= GRACE.application, one.name);
    assert.ok(Number(named("postgres").inputs.destroyGraceSeconds) >= GRACE.postgres);
    const hasty = containers.filter((one) => !isCarrier(one) && !one.inputs.destroyGraceSeconds);
    assert.deepEqual(hasName(hasty), []);
  });

  it("2: no container has a fixed Docker name, and those of a release have names of their own", () => {
    assert.deepEqual(hasName(containers.filter(({ inputs }) => "name" in inputs)), []);
    for (const { name } of services) assert.match(name, /-v1\.0\.0-[0-9a-f]{8}-\d$/);
  });

  it("3: nginx alone publishes ports, and gives way before it is replaced", () => {
    assert.deepEqual(hasName(containers.filter(({ inputs }) => inputs.ports !== undefined)), ["proxy"]);
    assert.equal(named("proxy").deleteBeforeReplace, true);
  });

  it("4: the switch waits for every container of the release, before anything is deleted", () => {
    const component = graph.resources.find(({ type }) => type === "tristack:docker:Switch");
    const dependencies = component?.dependencies ?? [];
    const waited = (one: Registered) => dependencies.includes(one.name) || dependencies.includes(one.parent);
    assert.deepEqual(hasName(services.filter((one) => !waited(one))), []);
    assert.ok(dependencies.includes("proxy"));
  });

  it("5 and 6: no container of a service is waited for by the provider, and elsewhere there is a check and a limit", () => {
    assert.deepEqual(hasName(services.filter(({ inputs }) => inputs.wait !== undefined)), []);
    for (const { name, inputs } of containers.filter(({ inputs }) => inputs.wait)) {
      assert.ok(inputs.healthcheck, `${name}: wait without a health check is an error`);
      assert.ok(Number(inputs.waitTimeout) >= 60, name);
    }
  });

  it("7: nothing is gated by a resource hook", () => {
    assert.deepEqual(hasName(graph.resources.filter(({ hooks }) => hooks)), []);
  });

  it("8: a new health check, init or tmpfs makes a new container, wherever the name stays the same", () => {
    const long = containers.filter(({ inputs }) => inputs.healthcheck !== undefined);
    assert.ok(long.length >= 5);
    for (const { name, replaceOnChanges } of long) {
      assert.deepEqual(replaceOnChanges, ["healthcheck", "init", "tmpfs"], name);
    }
  });

  it("9: memory and memorySwap are both given, and the same", () => {
    const limited = containers.filter(({ inputs }) => inputs.memory !== undefined);
    assert.ok(limited.length >= 10);
    for (const { name, inputs } of limited) assert.equal(inputs.memorySwap, inputs.memory, name);
  });

  it("10: images are containers' own inputs, by digest where it is known", () => {
    const kinds = new Set(graph.resources.map(({ type }) => type));
    assert.ok(!kinds.has("docker:index/remoteImage:RemoteImage"));
    for (const { name, inputs } of services.filter(({ name }) => name.startsWith("web-"))) {
      assert.match(String(inputs.image), /^ghcr\.io\/myorg\/web@sha256:a{64}$/, name);
    }
  });

  it("11: what is never read back is in the name: variables of the release", async () => {
    const other = structuredClone(CONFIG) as { services: { web: { environment: Record<string, string> } } };
    other.services.web.environment.GREETING = "hello";
    const changed = await buildGraph({ stack: "production", config: other, secretKeys: ["secrets"] });
    const of = (resources: Registered[], service: string) =>
      hasName(resources).filter((name) => name.startsWith(`${service}-v1`));
    assert.equal(of(changed.resources, "web").length, 2);
    assert.ok(of(changed.resources, "web").every((name) => !of(graph.resources, "web").includes(name)));
    assert.deepEqual(of(changed.resources, "api"), of(graph.resources, "api"));
  });

  it("12: files are uploaded into carriers that are never started, as secrets", () => {
    const uploading = containers.filter(({ inputs }) => inputs.uploads !== undefined);
    assert.ok(uploading.length >= 3);
    for (const one of uploading) {
      assert.ok(isCarrier(one), one.name);
      for (const { content } of one.inputs.uploads as { content: object }[])
        assert.ok("secret" in content, one.name);
    }
  });

  it("13: labels and options of a volume never replace it, and volumes with data are protected", () => {
    const volumes = graph.resources.filter(({ type, name }) => type === VOLUME && !name.includes("-secrets"));
    assert.ok(volumes.length >= 6);
    for (const { name, ignoreChanges } of volumes)
      assert.deepEqual(ignoreChanges, ["labels", "driverOpts"], name);
    for (const name of ["postgres-data", "redis-data", "backups", "records"]) {
      assert.equal(volumes.find((one) => one.name === name)?.protect, true, name);
    }
  });

  it("16: the provider is given no registry's password", () => {
    const provider = graph.resources.find(({ type }) => type === "pulumi:providers:docker");
    assert.deepEqual(JSON.parse(String(provider?.inputs.registryAuth)), [{ address: "ghcr.io" }]);
  });

  it("17: nothing is built by the program", () => {
    const kinds = [...new Set(graph.resources.map(({ type }) => type))];
    assert.deepEqual(
      kinds.filter((type) => /docker-build|:Image$/.test(type)),
      [],
    );
  });

  it("18: what is to run for long says so", () => {
    for (const { name, inputs } of containers) {
      const once = inputs.mustRun === false;
      assert.equal(inputs.restart, once ? "no" : "always", name);
    }
  });
});
