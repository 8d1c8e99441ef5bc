/** What holds for all settings, tried with many at random; a failure prints the seed and the smallest case. */
import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { pathText } from "../../components/shared/problems.ts";
import { PROJECT, stackSchema } from "../../scripts/stack-schema.ts";
import { goodSettings, mistakes, objectsWithKnownKeys } from "../support/arbitrary-settings.ts";
import { CONTEXT, type Config, changed, problemLines, vpsSettings } from "../support/settings.ts";

const SECRETS = { S_KEY: "marker-1f0c", S_URL: "https://me:marker-77aa@host" };
const good = () => goodSettings(SECRETS);
const withMistake = () =>
  good().chain((config) => mistakes(config).map((mistake) => ({ config, ...mistake })));

function stackFile(config: Config): Config {
  const names = typeof config.secrets === "object" ? Object.keys(config.secrets ?? {}) : [];
  const encrypted = Object.fromEntries(names.map((name) => [name, { secure: "v1:abc" }]));
  const all = { ...config, secrets: encrypted };
  return {
    config: Object.fromEntries(Object.entries(all).map(([key, value]) => [`${PROJECT}:${key}`, value])),
  };
}

describe("all settings", () => {
  it("that are right are taken, and keep what they say", () => {
    fc.assert(
      fc.property(good(), (config) => {
        const settings = vpsSettings(config);
        assert.partialDeepStrictEqual(settings, config);
      }),
    );
  });

  it("stay the same when they are parsed again with every default written out", () => {
    fc.assert(
      fc.property(good(), (config) => {
        const once = vpsSettings(config);
        assert.deepEqual(vpsSettings({ ...once, secrets: { ...once.secrets } }), once);
      }),
    );
  });

  it("with one mistake get one line, which names it", () => {
    fc.assert(
      fc.property(withMistake(), ({ config, path, value }) => {
        const lines = problemLines(changed(config, path, value));
        assert.equal(lines.length, 1, lines.join("\n"));
        assert.ok(lines[0]?.startsWith(`tristack:${pathText(path)} is `), lines[0]);
      }),
      { numRuns: 400 },
    );
  });

  it("with one key that is none get one line, which names it", () => {
    const withKey = good().chain((config) =>
      fc.constantFrom(...objectsWithKnownKeys(config)).map((path) => ({ config, path: [...path, "zzz"] })),
    );
    fc.assert(
      fc.property(withKey, ({ config, path }) => {
        assert.deepEqual(problemLines(changed(config, path, 1)), [
          `tristack:${pathText(path)} is not a setting; needs to be removed`,
        ]);
      }),
    );
  });

  it("never show a secret, whatever else is wrong", () => {
    const withMistakes = good().chain((config) =>
      fc.array(mistakes(config), { minLength: 1, maxLength: 4 }).map((many) => ({ config, many })),
    );
    const ofSecrets = fc.constantFrom<unknown>(
      "marker-1",
      ["marker-2"],
      { a: "marker-3" },
      { S_KEY: ["marker-4"] },
      { S_KEY: { a: "marker-5" } },
    );
    fc.assert(
      fc.property(
        withMistakes,
        fc.option(ofSecrets, { nil: undefined }),
        fc.boolean(),
        ({ config, many }, secrets, plain) => {
          const wrong = many.reduce((now, { path, value }) => tryChange(now, path, value), config);
          const final = secrets === undefined ? wrong : { ...wrong, secrets };
          const lines = problemLines(final, { ...CONTEXT, secretKeys: new Set(plain ? [] : ["secrets"]) });
          assert.ok(lines.length > 0);
          assert.doesNotMatch(lines.join("\n"), /marker/);
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** A change, unless an earlier one took away what it would change. */
function tryChange(config: Config, path: readonly (string | number)[], value: unknown): Config {
  try {
    return changed(config, path, value);
  } catch {
    return config;
  }
}

describe("the schema for editors", () => {
  const ajv = new Ajv2020({ allErrors: true, strict: true, keywords: ["errorMessage"] });
  addFormats.default(ajv);
  const validate = ajv.compile(stackSchema());

  it("takes what the program takes", () => {
    fc.assert(
      fc.property(good(), (config) => {
        assert.ok(validate(stackFile(config)), JSON.stringify(validate.errors));
      }),
    );
  });

  it("refuses a mistake, as the program does", () => {
    fc.assert(
      fc.property(withMistake(), ({ config, path, value }) => {
        fc.pre(path[0] !== "secrets");
        assert.equal(validate(stackFile(changed(config, path, value))), false);
      }),
      { numRuns: 200 },
    );
  });

  it("leaves providers' keys and Pulumi's own alone, and refuses unknown ones of ours", () => {
    const file = (config: Config) => ({
      encryptionsalt: "v1:x",
      config: {
        "tristack:target": "vps",
        "tristack:environment": { kind: "local" },
        "tristack:services": {},
        ...config,
      },
    });
    assert.equal(validate(file({})), true);
    assert.equal(validate(file({ "docker:host": "unix:///x", "pulumi:tags": { a: "b" } })), true);
    assert.equal(validate(file({ "tristack:replicas": 1 })), false);
    assert.equal(validate(file({ target: "vps" })), false);
    assert.equal(validate({ ...file({}), confg: {} }), false);
  });

  it("refuses secrets in plain text", () => {
    const file = (secrets: unknown) => ({
      config: {
        "tristack:target": "vps",
        "tristack:environment": { kind: "local" },
        "tristack:services": {},
        "tristack:secrets": secrets,
      },
    });
    assert.equal(validate(file({ KEY: { secure: "v1:x" } })), true);
    assert.equal(validate(file({ secure: "v1:x" })), true);
    assert.equal(validate(file({ KEY: "hunter2" })), false);
    assert.equal(validate(file({ KEY: { secure: "v1:x" }, OTHER: "hunter2" })), false);
  });
});
