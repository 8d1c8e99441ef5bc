/** Certificates and alarms in the graph of a stack: what there is, who reaches what, and what a setting changes. */
import assert from "node:assert/strict";
import { type Graph, type Registered, buildGraph, stackFile } from "../support/graph.ts";

const CONTAINER = "docker:index/container:Container";
const SECRETS = {
  SECRET_KEY: "of-the-api",
  ALARM_URL: "https://hooks.example/alarm-marker",
  DNS_ACCESS: "access-marker",
  DNS_SECRET: "secret-marker",
};
const ACME = { issuer: "letsencrypt", email: "ops@example.com" };
const DNS = { kind: "dns", provider: "route53", accessKey: "DNS_ACCESS", secretKey: "DNS_SECRET" };

function build(over: Record<string, unknown> = {}): Promise<Graph> {
  const base = {
    release: { version: "v1.0.0" },
    secrets: SECRETS,
    domain: "shop.example.com",
    certificates: ACME,
  };
  const config = stackFile("Pulumi.local.yaml.template", { ...base, ...over });
  return buildGraph({ stack: "local", config, secretKeys: ["secrets"] });
}

function container(graph: Graph, name: string): Registered {
  const found = graph.resources.find((one) => one.type === CONTAINER && one.name === name);
  assert.ok(found, `no container ${name}`);
  return found;
}

const mounts = ({ inputs }: Registered) =>
  (inputs.volumes as { containerPath: string }[]).map(({ containerPath }) => containerPath).sort();
const envs = ({ inputs }: Registered) => inputs.envs as string[];
const has = (graph: Graph, name: string) => graph.resources.some((one) => one.name === name);

/** Names of what differs in Docker. */
async function changes(before: Record<string, unknown>, after: Record<string, unknown>): Promise<string[]> {
  const [first, second] = [await build(before), await build(after)];
  const old = new Map(first.resources.map((one) => [`${one.type} ${one.name}`, JSON.stringify(one.inputs)]));
  return second.resources
    .filter((one) => one.type.startsWith("docker:"))
    .filter((one) => old.get(`${one.type} ${one.name}`) !== JSON.stringify(one.inputs))
    .map(({ name }) => name)
    .sort();
}

describe("alarms", () => {
  it("have no container and no outbox where no address is set", async () => {
    const graph = await build({ backup: {} });
    for (const name of ["alarms", "alarms-secrets"]) assert.ok(!has(graph, name), name);
    for (const name of ["backup", "backup-courier", "certificates"])
      assert.ok(!mounts(container(graph, name)).includes("/alarms"), name);
  });

  it("are delivered by one container; all who raise some have its outbox, and none its address", async () => {
    const graph = await build({ backup: {}, alarm: "ALARM_URL" });
    for (const name of ["alarms", "backup", "backup-courier", "certificates"])
      assert.ok(mounts(container(graph, name)).includes("/alarms"), name);
    const knowing = graph.resources.filter((one) => JSON.stringify(one.inputs).includes("alarm-marker"));
    assert.deepEqual(
      knowing.map(({ name }) => name),
      ["alarms-secrets"],
    );
    const [upload] = knowing[0]?.inputs.uploads as { content: unknown; permissions: string }[];
    assert.deepEqual([upload?.content, upload?.permissions], [{ secret: SECRETS.ALARM_URL }, "0400"]);
    assert.deepEqual(container(graph, "alarms").inputs.networksAdvanced, [
      { name: "network-frontend-docker" },
    ]);
  });
});

describe("certificates", () => {
  it("by HTTP need no secret", async () => {
    const graph = await build();
    assert.ok(!has(graph, "certificates-secrets"));
    const made = container(graph, "certificates");
    assert.deepEqual(mounts(made), ["/etc/letsencrypt", "/records", "/var/www/certbot"]);
    assert.ok(envs(made).includes("CHALLENGE=http") && envs(made).includes("AUTHORITY="));
  });

  it("by DNS have their keys as files that root alone reads, and the names that a wildcard does not cover", async () => {
    const names = ["*.example.com", "www.example.com", "example.com"];
    const challenge = { ...DNS, endpoint: "http://10.0.0.1:5000" };
    const graph = await build({ certificates: { ...ACME, names, challenge } });
    const made = container(graph, "certificates");
    assert.ok(envs(made).includes("NAMES=*.example.com example.com"));
    assert.ok(envs(made).includes("AWS_ENDPOINT_URL=http://10.0.0.1:5000"));
    assert.ok(mounts(made).includes("/run/secrets"));
    const uploads = container(graph, "certificates-secrets").inputs.uploads as Record<string, unknown>[];
    assert.deepEqual(
      uploads.map(({ file, content, permissions }) => [file, content, permissions]),
      [
        ["/run/secrets/AWS_ACCESS_KEY", { secret: "access-marker" }, "0400"],
        ["/run/secrets/AWS_SECRET_KEY", { secret: "secret-marker" }, "0400"],
      ],
    );
    assert.doesNotMatch(JSON.stringify(made.inputs), /access-marker|secret-marker/);
  });

  it("from another issuer replace their own container alone, never nginx", async () => {
    const other = { ...ACME, server: "https://acme.example/dir", authority: pem() };
    assert.deepEqual(await changes({}, { certificates: other }), ["certificates"]);
  });

  it("for another name switch nginx as well, and keep its container", async () => {
    const more = { ...ACME, names: ["www.example.com"] };
    assert.deepEqual(await changes({}, { certificates: more }), ["certificates", "switch"]);
  });
});

function pem(): string {
  return "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
}
