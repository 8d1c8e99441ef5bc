/** The whole graph of every shipped stack: what is created, and the rules of docs/vps.md. */
import assert from "node:assert/strict";
import { checkOutputs } from "../../components/outputs.ts";
import { type Graph, type Registered, buildFailing, buildGraph, stackFile } from "../support/graph.ts";

const CONTAINER = "docker:index/container:Container";
const VOLUME = "docker:index/volume:Volume";
const MARKER = "marker-of-a-planted-secret";

const RELEASE = { release: { version: "v1.0.0" } };
const SECRETS = { secrets: { SECRET_KEY: MARKER } };

const SHIPPED = [
  { stack: "local", file: "Pulumi.local.yaml.template", protects: false, backup: [] },
  {
    stack: "staging",
    file: "Pulumi.staging.yaml",
    protects: true,
    backup: ["backup", "backup-courier"],
  },
  {
    stack: "production",
    file: "Pulumi.production.yaml",
    protects: true,
    backup: ["backup", "backup-courier"],
  },
];

/** Containers that are told from the others in docs/vps.md. */
const isCarrier = ({ name }: Registered) => name.includes("-secrets");
const isOneShot = ({ name }: Registered) => name === "switch" || /-(migration|assets)-/.test(name);

const containers = (graph: Graph) => graph.resources.filter(({ type }) => type === CONTAINER);
const named = (graph: Graph, name: string) => {
  const found = graph.resources.find((resource) => resource.type === CONTAINER && resource.name === name);
  assert.ok(found, `no container ${name}`);
  return found;
};
const names = (resources: Registered[]) => resources.map(({ name }) => name).sort();
const without = (pattern: RegExp, list: string[]) => list.filter((name) => !pattern.test(name));

function build(stack: string, file: string, over: Record<string, unknown> = {}): Promise<Graph> {
  return buildGraph({
    stack,
    config: stackFile(file, { ...RELEASE, ...SECRETS, ...over }),
    secretKeys: ["secrets"],
  });
}

for (const { stack, file, protects, backup } of SHIPPED) {
  describe(`the shipped stack ${stack}`, () => {
    let graph: Graph;
    before(async () => {
      graph = await build(stack, file);
    });

    it("has every part of the source document, and nothing else", () => {
      const release = /-v1\.0\.0-[0-9a-f]{8}/;
      const secrets = /-secrets-[0-9a-f]{8}$/;
      const shape = names(containers(graph)).map((name) =>
        name.replace(release, "").replace(secrets, "-secrets"),
      );
      assert.deepEqual(
        shape.sort(),
        [
          "api-0",
          "api-1",
          "api-migration",
          "api-secrets",
          ...backup,
          "certificates",
          "postgres",
          "postgres-secrets",
          "proxy",
          "redis",
          "redis-secrets",
          "switch",
          "web-0",
          "web-1",
          "web-assets",
        ].sort(),
      );
    });

    it("exports the contract of outputs", () => {
      assert.deepEqual(checkOutputs(graph.outputs), []);
      assert.equal((graph.outputs.environment as { name: string }).name, stack);
      assert.equal(graph.outputs.protected, protects);
    });

    it("publishes ports from the proxy alone", () => {
      const publishers = containers(graph).filter(({ inputs }) => inputs.ports !== undefined);
      assert.deepEqual(names(publishers), ["proxy"]);
    });

    it("keeps the rules for containers that run", () => {
      for (const { name, inputs, deleteBeforeReplace } of containers(graph).filter(
        (one) => !isCarrier(one),
      )) {
        assert.equal(inputs.readOnly, true, `${name}: root filesystem`);
        assert.deepEqual(
          (inputs.capabilities as { drops: string[] }).drops,
          ["ALL"],
          `${name}: capabilities`,
        );
        assert.deepEqual(inputs.securityOpts, ["no-new-privileges:true"], name);
        assert.deepEqual(inputs.logOpts, { "max-size": "10m", "max-file": "3" }, `${name}: log rotation`);
        assert.equal(typeof inputs.memory, "number", `${name}: memory`);
        assert.equal(inputs.memorySwap, inputs.memory, `${name}: swap is off, and previews stay clean`);
        assert.ok(Number(inputs.cpuQuota) > 0, `${name}: cpu`);
        assert.equal(inputs.cpuShares, inputs.restart === "always" ? 1024 : undefined, `${name}: cpu shares`);
        assert.ok(Number(inputs.destroyGraceSeconds) >= 5, `${name}: is not killed at once`);
        assert.ok(inputs.user, `${name}: its user is written down`);
        assert.ok(!("privileged" in inputs), name);
        assert.ok(deleteBeforeReplace || /-v1\.0\.0-/.test(name), `${name}: has a fixed name`);
      }
    });

    it("gives root and capabilities to the listed exceptions alone", () => {
      const root = containers(graph).filter(({ inputs }) => String(inputs.user).startsWith("0"));
      assert.deepEqual(
        names(root).map((name) => name.replace(/-v1\.0\.0-.*/, "")),
        [...backup.slice(1), "certificates", "proxy", "switch", "web-assets"],
      );
      const capable = containers(graph).filter(
        ({ inputs }) => ((inputs.capabilities as { adds?: string[] } | undefined)?.adds ?? []).length > 0,
      );
      assert.deepEqual(names(capable), ["proxy"]);
    });

    it("restarts what runs for long, and never what runs once", () => {
      for (const container of containers(graph)) {
        const once = isOneShot(container) || isCarrier(container);
        assert.equal(container.inputs.restart, once ? "no" : "always", container.name);
      }
    });

    it("leaves Docker's names to Pulumi, and gives volumes with data fixed ones", () => {
      for (const { name, inputs } of containers(graph)) assert.ok(!("name" in inputs), name);
      const volumes = graph.resources.filter(
        ({ type, name }) => type === VOLUME && !name.includes("-secrets"),
      );
      for (const { name, inputs, ignoreChanges } of volumes) {
        assert.equal(inputs.name, `tristack-${stack}-${name}`);
        assert.ok(ignoreChanges.includes("labels"), `${name}: new labels must not replace the volume`);
      }
    });

    it(`${protects ? "protects" : "does not protect"} what holds data`, () => {
      const kept = graph.resources.filter(({ protect }) => protect);
      const data = [
        "backups",
        "certificates",
        "postgres-data",
        "postgres-password",
        "records",
        "redis-data",
        "redis-password",
      ];
      assert.deepEqual(names(kept), protects ? data : []);
    });

    it("writes durations as Docker reads them back", () => {
      for (const { name, inputs } of containers(graph)) {
        const check = inputs.healthcheck as Record<string, string> | undefined;
        for (const key of ["interval", "timeout", "startPeriod"]) {
          if (check) assert.match(check[key] ?? "", /^(\d+h\d+m|\d+m)?\d+s$/, `${name}: ${key}`);
        }
      }
    });

    it("labels everything in Docker with its owner", () => {
      for (const { type, name, inputs } of graph.resources.filter((one) => one.type.startsWith("docker:"))) {
        const labels = Object.fromEntries(
          (inputs.labels as { label: string; value: string }[]).map(({ label, value }) => [label, value]),
        );
        assert.equal(labels["dev.tristack.project"], "tristack", `${type} ${name}`);
        assert.equal(labels["dev.tristack.stack"], stack, `${type} ${name}`);
      }
    });

    it("hands out no secret in plain text", () => {
      const text = JSON.stringify(graph.resources.map(({ inputs }) => withoutSecrets(inputs)));
      assert.ok(JSON.stringify(graph.resources).includes(MARKER), "the secret must be somewhere, encrypted");
      for (const secret of [MARKER, "generated-for-postgres-password", "generated-for-redis-password"]) {
        assert.ok(!text.includes(secret), `${secret} in plain inputs`);
        assert.ok(!JSON.stringify(graph.outputs).includes(secret), `${secret} in outputs`);
      }
    });

    it("keeps database and cache away from services that do not use them", () => {
      const networks = (name: string) => JSON.stringify(named(graph, name).inputs.networksAdvanced);
      assert.match(networks("postgres"), /network-backend/);
      assert.doesNotMatch(networks("postgres"), /network-frontend/);
      const web = names(containers(graph)).find((name) => /^web-.*-0$/.test(name)) ?? "";
      assert.doesNotMatch(networks(web), /network-backend/);
    });
  });
}

describe("what changes when a setting does", () => {
  const local = (over: Record<string, unknown>) => build("local", "Pulumi.local.yaml.template", over);
  const services = () =>
    structuredClone(stackFile("Pulumi.local.yaml.template").services) as Record<string, never>;
  const changes = async (over: Record<string, unknown>) => {
    const [before, after] = [await local({}), await local(over)];
    const old = new Map(before.resources.map((one) => [`${one.type} ${one.name}`, one]));
    const changed = after.resources.filter((one) => {
      const same = old.get(`${one.type} ${one.name}`);
      return same === undefined || JSON.stringify(same.inputs) !== JSON.stringify(one.inputs);
    });
    return names(changed.filter(({ type }) => type.startsWith("docker:"))).map((name) =>
      name.replace(/-[0-9a-f]{8}/, ""),
    );
  };

  it("a variable of web: web's containers and the switch", async () => {
    const more = services() as unknown as Record<string, { environment: Record<string, string> }>;
    more.web!.environment.GREETING = "hello";
    assert.deepEqual(await changes({ services: more }), ["switch", "web-v1.0.0-0", "web-v1.0.0-1"]);
  });

  it("a variable of api: api's containers and the switch, and no second migration", async () => {
    const more = services() as unknown as Record<string, { environment?: Record<string, string> }>;
    more.api!.environment = { GREETING: "hello" };
    const changed = without(/migration/, await changes({ services: more }));
    assert.deepEqual(changed, ["api-v1.0.0-0", "api-v1.0.0-1", "switch"]);
  });

  it("a secret: new files for api, its containers, its migration and the switch", async () => {
    assert.deepEqual(await changes({ secrets: { SECRET_KEY: "another" } }), [
      "api-migration-v1.0.0",
      "api-secrets",
      "api-secrets",
      "api-v1.0.0-0",
      "api-v1.0.0-1",
      "switch",
    ]);
  });

  it("a limit of nginx's requests: the switch alone, never nginx", async () => {
    const proxy = { httpPort: 8080, httpsPort: 8443, bodyLimit: "50MiB" };
    assert.deepEqual(await changes({ proxy }), ["switch"]);
  });

  it("the version: containers, migration and switch, nothing that holds data", async () => {
    assert.deepEqual(await changes({ release: { version: "v2.0.0" } }), [
      "api-migration-v2.0.0",
      "api-v2.0.0-0",
      "api-v2.0.0-1",
      "switch",
      "web-assets-v2.0.0",
      "web-v2.0.0-0",
      "web-v2.0.0-1",
    ]);
  });
});

describe("a gate", () => {
  const input = {
    stack: "local",
    config: stackFile("Pulumi.local.yaml.template", { ...RELEASE, ...SECRETS }),
    secretKeys: ["secrets"],
  };

  it("that fails stops the update, names its container and shows its log", async () => {
    const { error } = await buildFailing({ ...input, exitCodes: { switch: 1 }, log: "nginx refused" });
    assert.match(error.message, /the switch to release v1\.0\.0-[0-9a-f]{8} failed \(exit 1\)/);
    assert.match(error.message, /nginx refused/);
    assert.match(error.message, /pulumi up --replace 'urn:pulumi:local::tristack::.*::switch'/);
  });

  it("of a migration keeps the service's containers and the switch from being created", async () => {
    const { resources, error } = await buildFailing({
      ...input,
      exitCodes: { "api-migration": 3 },
      log: `x ${MARKER} y`,
    });
    assert.match(error.message, /the migration of api failed \(exit 3\)/);
    assert.match(error.message, /x \[secret\] y/);
    const created = names(resources.filter(({ type }) => type === CONTAINER));
    assert.ok(created.some((name) => name.startsWith("api-migration-")));
    assert.deepEqual(
      created.filter((name) => /^(api-v1|switch)/.test(name)),
      [],
    );
  });
});

describe("the release", () => {
  const config = { ...stackFile("Pulumi.local.yaml.template"), ...SECRETS };
  const input = { stack: "local", config, secretKeys: ["secrets"] };

  it("is the one that the stack already runs, when the settings name none", async () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const release = { id: "x", version: "v7", commit: "0123abc", digests: { web: digest } };
    const graph = await buildGraph({ ...input, lastOutputs: { release } });
    const images = new Set(containers(graph).map(({ inputs }) => inputs.image));
    assert.ok(images.has("tristack.local/api:v7"));
    assert.ok(
      images.has(`tristack.local/web@${digest}`),
      "a known digest is used, whatever the tag says by now",
    );
  });

  it("is asked for when nothing runs yet", async () => {
    await assert.rejects(buildGraph(input), {
      message:
        'tristack:release is missing, and the stack "local" runs none yet; needs a version, such as:\n' +
        "  pulumi config set --path release.version v1.0.0 --stack local",
    });
  });
});

/** Inputs with secrets taken out. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  if ("secret" in value) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withoutSecrets(entry)]));
}

describe("the shipped template of previews", () => {
  it("publishes nothing: its proxy is found in the edge's network by the names that it serves", async () => {
    const certificates = { issuer: "self-signed", names: ["api.example.com", "*.example.com"] };
    const graph = await build("pr-42", "Pulumi.preview.yaml", { domain: "pr-42.example.com", certificates });
    const published = containers(graph).filter(
      ({ inputs }) => ((inputs.ports ?? []) as unknown[]).length > 0,
    );
    assert.deepEqual(names(published), []);
    const at = (edge: string) => ({
      name: edge,
      aliases: ["pr-42.example.com.invalid", "api.example.com.invalid"],
    });
    const joined = containers(graph).filter(({ inputs }) =>
      ((inputs.networksAdvanced ?? []) as { name: string }[]).some(({ name }) => name === "tristack-edge"),
    );
    assert.deepEqual(names(joined), ["proxy"], "services and databases are not in it");
    const networks = named(graph, "proxy").inputs.networksAdvanced as unknown[];
    assert.deepEqual(networks.at(-1), at("tristack-edge"));
  });
});
