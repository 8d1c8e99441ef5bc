/** Secrets are taken where they stay secret, and refused everywhere else. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { plainSecretsIn } from "../../components/settings/plain-text-secrets.ts";
import { CONTEXT, changed, goodConfig, problemLines, vpsSettings } from "../support/settings.ts";

describe("secrets in a stack file", () => {
  const inPlainText = [
    "tristack:secrets.API_KEY is in plain text; needs to be encrypted: pulumi config set --secret --path 'secrets.API_KEY'",
  ];

  it("are refused in plain text, as the engine tells by the key", () => {
    assert.deepEqual(problemLines(goodConfig(), { ...CONTEXT, secretKeys: new Set() }), inPlainText);
  });

  it("are refused in plain text beside encrypted ones, as only the file tells", () => {
    const file = [
      "encryptionsalt: v1:x",
      "config:",
      "  tristack:secrets:",
      "    API_KEY: s3cret-marker",
      "    OTHER: { secure: v1:abc }",
    ].join("\n");
    const plainSecrets = plainSecretsIn(file, "tristack");
    assert.deepEqual(plainSecrets, ["API_KEY"]);
    const config = changed(goodConfig(), ["secrets", "OTHER"], "other-marker");
    assert.deepEqual(problemLines(config, { ...CONTEXT, plainSecrets }), inPlainText);
  });

  it("are nothing but a file's own encrypted ones", () => {
    for (const file of [
      "",
      "config: {}",
      "config:\n  tristack:secrets: { secure: v1:abc }",
      "config: [",
      "- 1",
      "config:\n  other:secrets: {A: b}",
    ]) {
      assert.deepEqual(plainSecretsIn(file, "tristack"), [], file);
    }
  });

  it("are refused anywhere but under secrets, and then nothing of that key is shown", () => {
    const config = changed(goodConfig(), ["services", "web", "replicas"], 987_654);
    assert.deepEqual(problemLines(config, { ...CONTEXT, secretKeys: new Set(["secrets", "services"]) }), [
      "tristack:services is encrypted; needs to be in plain text: only values under secrets stay secret",
      "tristack:services.web.replicas is [secret]; needs a whole number from 1 to 50",
    ]);
  });

  it("are in no JSON and no log of the settings", () => {
    const settings = vpsSettings(goodConfig());
    assert.equal(settings.secrets.API_KEY, "s3cret-marker");
    assert.doesNotMatch(JSON.stringify({ settings }) + inspect({ settings }, { depth: 9 }), /s3cret-marker/);
  });
});
