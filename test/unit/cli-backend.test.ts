/** Which backend and passphrase a command uses. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import {
  type BackendFacts,
  backendFacts,
  chooseBackend,
  ensureBackend,
  exportsFor,
  stateFiles,
  stateFolder,
} from "../../cli/backend.ts";

const FACTS: BackendFacts = {
  accessToken: false,
  passphrase: false,
  ownState: "/c/.tristack/state",
  ownStateExists: false,
  ownPassphrase: "/c/.tristack/passphrase",
  ownPassphraseExists: false,
};

describe("backend", () => {
  it("is none when nobody has chosen one", () => assert.equal(chooseBackend(FACTS), undefined));

  it("is the environment's before Pulumi.yaml's, the login's, the token's and the checkout's", () => {
    const all = {
      ...FACTS,
      environmentUrl: "s3://a",
      projectUrl: "s3://b",
      loginUrl: "s3://c",
      accessToken: true,
      ownStateExists: true,
    };
    const order: (keyof BackendFacts)[] = ["environmentUrl", "projectUrl", "loginUrl"];
    const urls = ["s3://a", "s3://b", "s3://c"];
    order.forEach((key, index) => {
      const left = { ...all, ...Object.fromEntries(order.slice(0, index).map((gone) => [gone, undefined])) };
      assert.equal(chooseBackend(left)?.url, urls[index], key);
    });
    assert.equal(
      chooseBackend({ ...FACTS, accessToken: true, ownStateExists: true })?.url,
      "https://api.pulumi.com",
    );
    assert.equal(
      chooseBackend({ ...FACTS, ownStateExists: true })?.url,
      "file:///c/.tristack/state?metadata=skip",
    );
  });

  it("adds the checkout's passphrase unless one is set", () => {
    const own = { ...FACTS, ownStateExists: true, ownPassphraseExists: true };
    assert.deepEqual(exportsFor(chooseBackend(own) ?? assert.fail()), [
      "export PULUMI_BACKEND_URL='file:///c/.tristack/state?metadata=skip'",
      "export PULUMI_CONFIG_PASSPHRASE_FILE='/c/.tristack/passphrase'",
    ]);
    assert.deepEqual(chooseBackend({ ...own, passphrase: true })?.env, {
      PULUMI_BACKEND_URL: "file:///c/.tristack/state?metadata=skip",
    });
    assert.deepEqual(chooseBackend({ ...own, environmentUrl: "s3://a", passphrase: true })?.env, {});
  });

  it("knows where a file backend keeps a stack", () => {
    assert.equal(stateFolder("s3://bucket"), undefined);
    const folder = stateFolder("file:///a%20b/state?no_tmp_dir=true") ?? "";
    assert.equal(folder, "/a b/state");
    assert.deepEqual(stateFiles(folder, { root: "/c", name: "p" }, "organization/p/local"), {
      checkpoint: "/a b/state/.pulumi/stacks/p/local.json",
      backup: "/a b/state/.pulumi/stacks/p/local.json.bak",
      locks: "/a b/state/.pulumi/locks/organization/p/local",
    });
  });
});

describe("backend of a checkout", () => {
  let root = "";
  const saved = { ...process.env };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tristack-backend-"));
    writeFileSync(join(root, "Pulumi.yaml"), "name: p\nruntime: nodejs\n");
    for (const name of [
      "PULUMI_BACKEND_URL",
      "PULUMI_ACCESS_TOKEN",
      "PULUMI_CONFIG_PASSPHRASE",
      "PULUMI_CONFIG_PASSPHRASE_FILE",
      "PULUMI_CREDENTIALS_PATH",
    ]) {
      Reflect.deleteProperty(process.env, name);
    }
    process.env.PULUMI_HOME = join(root, "home");
  });
  afterEach(() => {
    process.env = { ...saved };
    rmSync(root, { recursive: true });
  });

  it("is made once, readable by its owner alone", () => {
    const project = { root, name: "p" };
    const first = ensureBackend(project);
    const file = join(root, ".tristack", "passphrase");
    assert.equal(first.source, "checkout");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(join(root, ".tristack", "state")).mode & 0o777, 0o700);
    const passphrase = readFileSync(file, "utf8");
    assert.ok(passphrase.trim().length >= 40);
    assert.deepEqual(ensureBackend(project), first);
    assert.equal(readFileSync(file, "utf8"), passphrase);
    assert.doesNotMatch(JSON.stringify(first), new RegExp(passphrase.trim()));
  });

  it("refuses to make a new passphrase for old state", () => {
    const project = { root, name: "p" };
    ensureBackend(project);
    mkdirSync(join(root, ".tristack", "state", ".pulumi"));
    rmSync(join(root, ".tristack", "passphrase"));
    assert.throws(() => ensureBackend(project), /passphrase is missing/);
  });

  it("is not made for whoever is logged in; a passphrase is, unless it is Pulumi Cloud", () => {
    mkdirSync(join(root, "home"));
    const login = (url: string) =>
      writeFileSync(join(root, "home", "credentials.json"), JSON.stringify({ current: url }));
    login("https://api.pulumi.com");
    assert.equal(ensureBackend({ root, name: "p" }).url, "https://api.pulumi.com");
    assert.ok(!existsSync(join(root, ".tristack")));
    login("s3://bucket");
    assert.deepEqual(ensureBackend({ root, name: "p" }).env, {
      PULUMI_CONFIG_PASSPHRASE_FILE: join(root, ".tristack", "passphrase"),
    });
    assert.ok(!existsSync(join(root, ".tristack", "state")));
  });

  it("takes credentials that cannot be read for none", () => {
    mkdirSync(join(root, "home"));
    writeFileSync(join(root, "home", "credentials.json"), "{");
    assert.equal(backendFacts({ root, name: "p" }).loginUrl, undefined);
  });
});
