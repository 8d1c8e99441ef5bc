/** Reading the settings of the stack that is being updated, as the engine hands them over. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type VpsSettings, readSettings, secretValue } from "../../components/settings.ts";
import { goodConfig, rawConfig } from "../support/settings.ts";

const engineConfig = (raw: Record<string, string>) =>
  Object.fromEntries(Object.entries(raw).map(([key, value]) => [`tristack:${key}`, value]));

describe("reading the settings", () => {
  const before = process.cwd();
  let folder = "";

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "tristack-settings-"));
    process.chdir(folder);
    const mocks = { newResource: () => ({ id: "", state: {} }), call: () => ({}) };
    await pulumi.runtime.setMocks(mocks, "tristack", "production");
  });

  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
    pulumi.runtime.setAllConfig({});
  });

  it("takes the project's own keys and leaves those of providers alone", () => {
    const config = {
      ...engineConfig(rawConfig(goodConfig())),
      "docker:host": "unix:///x",
      "other:target": "aws",
    };
    pulumi.runtime.setAllConfig(config, ["tristack:secrets", "docker:registryAuth"]);
    const settings = readSettings() as VpsSettings;
    assert.equal(settings.domain, "shop.example.com");
    assert.deepEqual(Object.keys(settings.services), ["web", "api", "mailer"]);
  });

  it("stops the program with every problem, without a stack trace", () => {
    pulumi.runtime.setAllConfig({ "tristack:target": "vps", "tristack:sevices": "{}" });
    assert.throws(readSettings, (error) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.equal(
        error.message,
        [
          "Pulumi.production.yaml has 3 problems:",
          "  tristack:environment is missing; needs an object whose kind is one of: local, staging, production, preview",
          "  tristack:services is missing; needs an object of services, such as web and api",
          "  tristack:sevices is not a setting; needs to be removed; did you mean services?",
        ].join("\n"),
      );
      return true;
    });
  });

  it("refuses secrets that the engine does not know as such", () => {
    pulumi.runtime.setAllConfig(engineConfig(rawConfig(goodConfig())), []);
    assert.throws(readSettings, /tristack:secrets\.API_KEY is in plain text; needs to be encrypted/);
  });

  it("refuses a secret in plain text beside encrypted ones", () => {
    const file = "config:\n  tristack:secrets:\n    API_KEY: s3cret-marker\n    OTHER: {secure: v1:x}\n";
    writeFileSync("Pulumi.production.yaml", file);
    pulumi.runtime.setAllConfig(engineConfig(rawConfig(goodConfig())), ["tristack:secrets"]);
    assert.throws(readSettings, (error) => {
      assert.match(String(error), /secrets\.API_KEY is in plain text/);
      assert.doesNotMatch(String(error), /s3cret-marker/);
      return true;
    });
  });

  it("hands secrets out as secrets", async () => {
    pulumi.runtime.setAllConfig(engineConfig(rawConfig(goodConfig())), ["tristack:secrets"]);
    const settings = readSettings() as VpsSettings;
    const output = secretValue(settings, "API_KEY");
    assert.equal(await pulumi.isSecret(output), true);
    const value = await new Promise((resolve) => output.apply(resolve));
    assert.equal(value, "s3cret-marker");
    assert.throws(() => secretValue(settings, "OTHER"), /no secret of the name OTHER/);
  });
});
