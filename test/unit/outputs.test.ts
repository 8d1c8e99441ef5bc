/** What a stack exports keeps the contract, and the contract notices what does not. */
import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { checkOutputs } from "../../components/outputs.ts";
import { problemLine } from "../../components/shared/problems.ts";
import { outputsJsonSchema } from "../../scripts/outputs-page.ts";
import { goodOutputs } from "../support/outputs.ts";
import { changed } from "../support/settings.ts";

const lines = (value: unknown) => checkOutputs(value).map(problemLine);

const pathOf = (text: string) => text.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));

describe("outputs", () => {
  it("are put together from settings, release and target", () => {
    const outputs = goodOutputs();
    assert.deepEqual(lines(outputs), []);
    assert.deepEqual(outputs.environment, { name: "test", kind: "production" });
    assert.deepEqual(outputs.urls, {
      web: "https://shop.example.com",
      api: "https://shop.example.com/api",
      health: "https://shop.example.com/health",
    });
    assert.equal(outputs.services[0]?.image, `ghcr.io/org/web@sha256:${"0".repeat(64)}`);
    assert.equal(outputs.services[1]?.image, "ghcr.io/org/api:v1.0.0");
    assert.deepEqual(outputs.services[2], {
      name: "mailer",
      image: "ghcr.io/org/mailer:v1.0.0",
      replicas: 2,
      port: null,
      routes: [],
      metrics: null,
    });
    assert.equal(outputs.protected, true);
    assert.equal(outputs.backup, null);
  });

  it("of a preview say when it expires, and that it can be destroyed", () => {
    const environment = { kind: "preview", expiresAt: "2026-12-01T00:00:00Z" };
    const outputs = goodOutputs({ environment, proxy: { httpsPort: 8443 } });
    assert.deepEqual(lines(outputs), []);
    assert.equal(outputs.expiresAt, "2026-12-01T00:00:00Z");
    assert.equal(outputs.protected, false);
    assert.equal(outputs.urls.web, "https://shop.example.com:8443");
  });

  it("without an api have none of its address", () => {
    const services = { web: { image: "web", port: 3000, routes: ["/"] } };
    const outputs = goodOutputs({ services, release: undefined });
    assert.equal(outputs.urls.api, null);
    assert.deepEqual(lines(outputs), []);
  });

  it("hold no secret", () => {
    assert.doesNotMatch(JSON.stringify(goodOutputs()), /s3cret-marker/);
  });

  it("with backups, monitoring and status are allowed for", () => {
    const call = { via: "ssh+docker" as const, target: "postgres", args: ["backup", "now"] };
    const outputs = goodOutputs(
      {},
      {
        backup: {
          schedule: "0 3 * * *",
          retentionDays: 14,
          destination: "s3://b/x",
          run: call,
          restore: call,
        },
        monitoring: { metrics: "http://127.0.0.1:9090", dashboards: null },
        statusRef: "file:/var/lib/tristack/status.json",
      },
    );
    const status = {
      lastDeploy: null,
      lastBackup: { at: "2026-11-23T00:00:00Z", bytes: 1 },
      lastVerifiedRestore: null,
      lastStateCopy: null,
      certificate: {
        at: "2026-11-23T00:00:00Z",
        passed: false,
        reason: "the issuer said no",
        notAfter: "2027-02-01T00:00:00Z",
        serial: "0A1B",
        issuer: "CN=R13,O=Let's Encrypt,C=US",
      },
    };
    assert.deepEqual(lines({ ...outputs, status }), []);
    assert.deepEqual(lines({ ...outputs, status: { ...status, certificate: null } }), []);
  });

  const wrong: readonly [path: string, value: unknown, line: string][] = [
    ["schemaVersion", "2.0.0", 'schemaVersion is "2.0.0"; needs one of: 1.4.0'],
    ["target", "heroku", "target is heroku; needs one of: vps, aws, kubernetes"],
    ["release", "v1.0.0", "release is v1.0.0; needs an object"],
    ["release.id", undefined, "release.id is missing; needs text"],
    ["urls.web", "shop.example.com", "urls.web is shop.example.com; needs an http or https URL"],
    [
      "database.secretRef",
      "hunter2",
      "database.secretRef is hunter2; needs a URI that starts with one of: pulumi:, file:, k8s:, aws-sm:",
    ],
    ["database.password", "hunter2", "database.password is not a setting; needs to be removed"],
    ["expiresAt", "tomorrow", "expiresAt is tomorrow; needs a time in UTC"],
    ["services.0.replicas", 0, "services[0].replicas is 0; needs at least 1"],
    ["services.0.port", "80", 'services[0].port is "80"; needs a number'],
    ["monitoring", { metrics: null }, "monitoring.dashboards is missing; needs an http or https URL"],
    ["shared", undefined, "shared is missing; needs an object"],
    ["cost", undefined, "cost is missing; needs an object"],
  ];
  for (const [path, value, line] of wrong) {
    it(`are refused where ${line}`, () => {
      assert.deepEqual(lines(changed(goodOutputs(), pathOf(path), value)), [line]);
    });
  }

  it("keep their JSON Schema, and what does not is refused by it as well", () => {
    const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, keywords: ["x-live"] });
    addFormats.default(ajv);
    const validate = ajv.compile(outputsJsonSchema());
    assert.ok(validate(goodOutputs()), JSON.stringify(validate.errors));
    for (const [path, value] of wrong) {
      assert.equal(validate(changed(goodOutputs(), pathOf(path), value)), false, path);
    }
  });

  it("mark what is live", () => {
    const schema = outputsJsonSchema();
    const live = Object.entries(schema.properties ?? {}).filter(
      ([, node]) => typeof node === "object" && node["x-live"],
    );
    assert.deepEqual(
      live.map(([key]) => key),
      ["status"],
    );
  });
});
