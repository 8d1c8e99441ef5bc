/** The graph while two releases run side by side, and after a rollback. */
import assert from "node:assert/strict";
import { type Graph, buildFailing, buildGraph, stackFile } from "../support/graph.ts";

const FILE = "Pulumi.production.yaml";
const SECRETS = { secrets: { SECRET_KEY: "marker-of-a-planted-secret" } };
const CONTAINER = "docker:index/container:Container";

interface Recorded {
  id: string;
  version: string;
  digests: Record<string, string>;
  settings: { services: Record<string, Record<string, unknown>>; proxy: Record<string, unknown> };
  restored: boolean;
}

const build = (release: unknown, over: Record<string, unknown> = {}, lastOutputs?: Record<string, unknown>) =>
  buildGraph({
    stack: "production",
    config: stackFile(FILE, { ...SECRETS, ...(release ? { release } : {}), ...over }),
    secretKeys: ["secrets"],
    lastOutputs,
  });
const releaseOf = (graph: Graph) => graph.outputs.release as Recorded;
const containers = (graph: Graph) => graph.resources.filter((one) => one.type === CONTAINER);
const names = (graph: Graph) => containers(graph).map((one) => one.name);
const inputsOf = (graph: Graph, name: string) => containers(graph).find((one) => one.name === name)?.inputs;

describe("two releases side by side", () => {
  let first: Graph;
  let both: Graph;
  const recorded = () => {
    const { id, version, digests, settings } = releaseOf(first);
    return { id, version, digests, settings };
  };

  before(async () => {
    first = await build({ version: "v1" });
    both = await build({ version: "v2", previous: recorded() }, { proxy: { bodyLimit: "20MiB" } });
  });

  it("have every container of the first exactly as it was", () => {
    const old = names(first).filter((name) => name.includes("-v1-") && !name.includes("-assets-"));
    assert.equal(old.length, 5);
    for (const name of old) assert.deepEqual(inputsOf(both, name), inputsOf(first, name), name);
  });

  it("have one resource of each name", () => {
    const all = both.resources.map(({ type, name }) => `${type} ${name}`);
    assert.deepEqual(all, [...new Set(all)]);
  });

  it("send traffic to the second alone", () => {
    const upstreams = JSON.stringify(inputsOf(both, "switch")?.envs);
    const fingerprints = (graph: Graph, version: string) =>
      names(graph).flatMap(
        (name) => new RegExp(`^(?:web|api)-${version}-([0-9a-f]{8})-\\d$`).exec(name)?.[1] ?? [],
      );
    assert.ok(fingerprints(both, "v2").every((mark) => upstreams.includes(mark)));
    assert.ok(fingerprints(both, "v1").every((mark) => !upstreams.includes(mark)));
  });

  it("are one where the first would not be the same any more", async () => {
    const changed = { ...recorded(), id: "v1-another" };
    const graph = await build({ version: "v2", previous: changed });
    assert.deepEqual(
      names(graph).filter((name) => name.includes("-v1-")),
      [],
    );
  });

  it("keep a service that the second has no more until the bake is over", async () => {
    const worker = { image: "ghcr.io/myorg/worker", replicas: 1, health: { command: ["true"] } };
    const services = { ...(stackFile(FILE).services as object), worker };
    const { id, version, digests, settings } = releaseOf(await build({ version: "v1" }, { services }));
    const graph = await build({ version: "v2", previous: { id, version, digests, settings } });
    const workers = names(graph).filter((name) => name.startsWith("worker-"));
    assert.equal(workers.length, 1);
    assert.match(workers[0] ?? "", /^worker-v1-/);
  });
});

describe("a release that was gone back to", () => {
  const restored = async () => {
    const { version, digests, settings } = releaseOf(await build({ version: "v1" }));
    return { version, digests, restored: settings };
  };

  it("has its own settings in place of the file's, and keeps today's ports", async () => {
    const release = await restored();
    const services = structuredClone(stackFile(FILE).services) as Record<string, Record<string, unknown>>;
    Object.assign(services.web ?? {}, { replicas: 5 });
    const graph = await build(release, { services, proxy: { httpsPort: 9443, bodyLimit: "99MiB" } });
    assert.equal(names(graph).filter((name) => name.startsWith("web-v1-")).length, 2);
    const configuration = JSON.stringify(inputsOf(graph, "switch")?.envs);
    assert.match(configuration, /client_max_body_size 10m/);
    assert.match(configuration, /:9443/);
    assert.equal(releaseOf(graph).restored, true);
  });

  it("is kept, settings and all, by an update whose file names no release", async () => {
    const before = await build(await restored());
    const services = structuredClone(stackFile(FILE).services) as Record<string, Record<string, unknown>>;
    Object.assign(services.web ?? {}, { environment: { NEW: "yes" } });
    const after = await build(undefined, { services }, before.outputs);
    assert.deepEqual(names(after), names(before));
    assert.deepEqual(releaseOf(after), releaseOf(before));
  });

  it("leaves the file's settings in force when it was no rollback", async () => {
    const before = await build({ version: "v1" });
    const services = structuredClone(stackFile(FILE).services) as Record<string, Record<string, unknown>>;
    Object.assign(services.web ?? {}, { replicas: 3 });
    const after = await build(undefined, { services }, before.outputs);
    assert.equal(names(after).filter((name) => name.startsWith("web-v1-")).length, 3);
    assert.equal(releaseOf(after).restored, false);
  });

  it("is refused in words where a secret that it needs is gone", async () => {
    const release = await restored();
    const services = structuredClone(stackFile(FILE).services) as Record<string, Record<string, unknown>>;
    Object.assign(services.api ?? {}, { secrets: [] });
    const { error } = await buildFailing({
      stack: "production",
      config: stackFile(FILE, { release, services, secrets: {} }),
      secretKeys: [],
    });
    assert.match(error.message, /cannot run with today's settings/);
    assert.match(error.message, /SECRET_KEY/);
  });
});
