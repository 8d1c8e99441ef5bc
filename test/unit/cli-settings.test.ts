/** Pulumi.local.yaml and what commands read from stack files. */
import assert from "node:assert/strict";
import { backupChecks } from "../../cli/checks-stack.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { CliError } from "../../cli/errors.ts";
import { mergeLocalSettings } from "../../cli/local-settings.ts";
import { parseStackFile, readProject } from "../../cli/project.ts";
import { protectionOf } from "../../cli/protection.ts";
import {
  allMissingSecrets,
  asPulumiReads,
  checkSettings,
  dockerHostOf,
  missingSecrets,
} from "../../cli/stack-settings.ts";

const project = readProject();
const TEMPLATE = readFileSync(join(project.root, "Pulumi.local.yaml.template"), "utf8");
const merge = (text: string, changes: Parameters<typeof mergeLocalSettings>[2]) =>
  mergeLocalSettings(text, "tristack", changes);
const configOf = (text: string) => parseStackFile(project, "local", text).config;

describe("Pulumi.local.yaml", () => {
  it("keeps comments, order and other keys", () => {
    const text = merge(TEMPLATE, {
      version: "dev-1",
      images: { nginx: "tristack.local/nginx:1" },
      httpsPort: 9443,
    });
    assert.deepEqual(configOf(text).release, { version: "dev-1" });
    assert.deepEqual(configOf(text).images, { nginx: "tristack.local/nginx:1" });
    assert.deepEqual(configOf(text).proxy, { httpPort: 8080, httpsPort: 9443 });
    assert.deepEqual(configOf(text).services, configOf(TEMPLATE).services);
    for (const comment of TEMPLATE.split("\n").filter((line) => line.trim().startsWith("#"))) {
      assert.ok(text.includes(comment), `lost: ${comment}`);
    }
  });

  it("is the same to the byte when nothing has to change", () => {
    // Spacing that the YAML library would write otherwise.
    const edited = `config:\n    tristack:release:   {version: dev-1}\n    tristack:proxy: {httpPort: 1, httpsPort: 2}\n`;
    assert.equal(merge(edited, { version: "dev-1", images: {}, httpPort: 1, httpsPort: 2 }), edited);
  });

  it("keeps what the user has changed", () => {
    const edited = `encryptionsalt: v1:abc\nconfig:\n  tristack:images: {nginx: nginx:1.29, redis: tristack.local/redis:1}\n  tristack:domain: my.test # mine\n`;
    const text = merge(edited, {
      version: "dev-2",
      images: { nginx: "tristack.local/nginx:2", redis: "tristack.local/redis:2" },
    });
    assert.deepEqual(configOf(text).images, { nginx: "nginx:1.29", redis: "tristack.local/redis:2" });
    assert.match(text, /tristack:domain: my\.test # mine/);
    assert.match(text, /^encryptionsalt: v1:abc$/m);
  });

  it("drops stand-ins that are no longer needed, and the release's old digests", () => {
    const edited = `config:\n  tristack:images: {nginx: tristack.local/nginx:1}\n  tristack:release: {version: v1, digests: {web: "sha256:0"}}\n`;
    const config = configOf(merge(edited, { version: "dev-2", images: {} }));
    assert.equal(config.images, undefined);
    assert.deepEqual(config.release, { version: "dev-2" });
  });

  it("that is no YAML is bad input", () => {
    assert.throws(
      () => merge("config: [", { version: "x" }),
      (error) =>
        error instanceof CliError && error.exitCode === 2 && error.message.startsWith("Pulumi.local.yaml: "),
    );
  });

  it("is valid once it is made from the template", async () => {
    const file = parseStackFile(project, "local", merge(TEMPLATE, { version: "dev-1" }));
    assert.deepEqual(missingSecrets(file), ["SECRET_KEY"]);
    const { settings, problems } = await checkSettings(project, "local", file, missingSecrets(file));
    assert.equal(problems, undefined);
    assert.equal(settings?.environment.kind, "local");
  });

  it("with a mistake gives the settings' own message", async () => {
    const file = parseStackFile(project, "local", TEMPLATE.replace("port: 3000", "port: 0"));
    const { problems } = await checkSettings(project, "local", file, missingSecrets(file));
    assert.match(problems ?? "", /tristack:services\.web\.port is 0; needs a whole number from 1 to 65535/);
  });
});

describe("stack file", () => {
  const text = `config:\n  tristack:host: {docker: "ssh://a@b"}\n  tristack:environment: '{"kind":"staging"}'\n  other:x: 1\n  tristack:services:\n    api: {secrets: [A, B]}\n    web: {secrets: [B, C]}\n  tristack:secrets:\n    B: {secure: v1:xyz}\n`;
  const file = parseStackFile(project, "staging", text);

  it("is read without the project's prefix, JSON text as what it is", () => {
    assert.deepEqual(Object.keys(file.config), ["host", "environment", "services", "secrets"]);
    assert.deepEqual(file.config.environment, { kind: "staging" });
    assert.equal(dockerHostOf(file), "ssh://a@b");
    assert.equal(dockerHostOf(undefined), undefined);
  });

  it("tells which secrets have no value", () => assert.deepEqual(missingSecrets(file), ["A", "C"]));

  it("tells those that backups, alarms and certificates need, too", () => {
    const own = `${text}  tristack:alarm: HOOK\n  tristack:backup: {ping: PING, s3: {accessKey: B, secretKey: KEY}}\n  tristack:certificates: {challenge: {accessKey: DNS, secretKey: KEY}}\n`;
    const all = parseStackFile(project, "staging", own);
    assert.deepEqual(allMissingSecrets(all), ["A", "C", "DNS", "HOOK", "KEY", "PING"]);
    assert.deepEqual(missingSecrets(all), ["A", "C"], "npm start makes up no others");
  });

  it("goes to the settings without ciphertext, promised secrets added", () => {
    const { raw, secretKeys } = asPulumiReads(file.config, ["A"]);
    assert.deepEqual([...secretKeys], ["secrets"]);
    assert.deepEqual(JSON.parse(raw.secrets ?? ""), { B: "encrypted", A: "encrypted" });
    assert.doesNotMatch(JSON.stringify(raw), /v1:xyz/);
  });
});

describe("protection", () => {
  const stackOf = (outputs: object) => ({
    resources: [
      {
        urn: "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s",
        type: "pulumi:pulumi:Stack",
        outputs: { ...outputs },
      },
    ],
  });
  const kind = (name: string) => ({ environment: { kind: name } });

  it("lets local and preview environments go", () => {
    assert.equal(protectionOf("local", stackOf(kind("local")), kind("local")), undefined);
    assert.equal(protectionOf("pr-1", undefined, kind("preview")), undefined);
    assert.equal(protectionOf("x", {}, undefined), undefined);
  });

  for (const name of ["staging", "production"]) {
    it(`refuses ${name} by its settings`, () => {
      assert.match(
        protectionOf("s", undefined, kind(name)) ?? "",
        new RegExp(`environment is ${name}.*Nothing was removed`),
      );
    });
    it(`refuses what was ${name} at its last update, whatever the settings say now`, () => {
      assert.match(protectionOf("s", stackOf(kind(name)), kind("local")) ?? "", /protected/);
    });
  }

  it("refuses by the contract's word, and by a protected resource", () => {
    assert.match(protectionOf("s", stackOf({ protected: true }), undefined) ?? "", /protected/);
    const held = { resources: [{ urn: "urn:pulumi:s::p::t::postgres-data", type: "t", protect: true }] };
    assert.match(protectionOf("s", held, undefined) ?? "", /postgres-data/);
  });
});

describe("what the loss of the host would cost", () => {
  const found = (config: Record<string, unknown>) =>
    backupChecks({ name: "Pulumi.production.yaml", text: "", config }).map(
      ({ state, found: what }) => `${state}: ${what}`,
    );
  const environment = { kind: "production" };
  const s3 = { bucket: "b" };

  it("is said of production, step by step, until nothing is left to say", () => {
    assert.deepEqual(found({ environment }), ["note: there are none"]);
    assert.deepEqual(found({ environment, backup: {} }), ["note: they go with the host"]);
    assert.deepEqual(found({ environment, backup: { s3 } }), ["note: without copies of the state"]);
    const all = { environment, backup: { s3, recoveryKey: "age1x" } };
    assert.deepEqual(found(all), ["ok: database and state, outside of the host"]);
  });

  it("is of no interest to a local stack", () =>
    assert.deepEqual(found({ environment: { kind: "local" } }), []));
});
