/** What an update would do, from two plans and the table of what replaces. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { difference } from "../../cli/plan/difference.ts";
import { propertyText } from "../../cli/plan/properties.ts";
import { type ReplacementTable, replacementTable, replaces } from "../../cli/plan/replacement-table.ts";
import type { Registered } from "../../cli/render/recorder.ts";
import { planned, registered } from "../support/planned.ts";

const INSTANCE = "aws:rds/instance:Instance";
const CONTAINER = "docker:index/container:Container";
const VOLUME = "docker:index/volume:Volume";

/** `kind name: paths`, in order; `!` where data is lost, `*` at what replaces. */
function summary(before: Registered[], after: Registered[]): string[] {
  return difference(planned(...before), planned(...after)).changes.map(
    ({ kind, resource, properties, losesData }) => {
      const paths = properties.map((one) => `${propertyText(one.path)}${one.replaces ? "*" : ""}`);
      return `${losesData ? "! " : ""}${kind} ${resource.name}${paths.length > 0 ? `: ${paths.join(" ")}` : ""}`;
    },
  );
}

describe("the difference of two plans", () => {
  it("is what came, what went, what is another one and what is made anew", () => {
    const before = [
      registered(CONTAINER, "kept", { image: "a", restart: "no" }),
      registered(CONTAINER, "old", { image: "a" }),
      registered(CONTAINER, "changed", { image: "a", restart: "no" }),
      registered(CONTAINER, "remade", { image: "a" }),
    ];
    const after = [
      registered(CONTAINER, "remade", { image: "b" }),
      registered(CONTAINER, "new", { image: "a" }),
      registered(CONTAINER, "changed", { image: "a", restart: "always" }),
      registered(CONTAINER, "kept", { restart: "no", image: "a" }),
    ];
    assert.deepEqual(summary(before, after), [
      "replaced remade: image*",
      "deleted old",
      "updated changed: restart",
      "created new",
    ]);
    assert.equal(difference(planned(...before), planned(...after)).unchanged, 1);
    assert.deepEqual(summary(before, before), []);
  });

  it("begins with what loses data: replaced or deleted, and not updated or made", () => {
    const before = [
      registered(CONTAINER, "a-container", { image: "a" }),
      registered(INSTANCE, "database", { dbName: "app", instanceClass: "db.t4g.micro" }),
      registered(INSTANCE, "harmless", { instanceClass: "db.t4g.micro" }),
      registered(VOLUME, "postgres-data", {}),
      registered(VOLUME, "api-secrets-0a1b2c3d", {}),
    ];
    const after = [
      registered(CONTAINER, "a-container", { image: "b" }),
      registered(INSTANCE, "database", { dbName: "shop", instanceClass: "db.t4g.small" }),
      registered(INSTANCE, "harmless", { instanceClass: "db.t4g.small" }),
      registered(VOLUME, "another", {}),
    ];
    assert.deepEqual(summary(before, after), [
      "! replaced database: dbName* instanceClass",
      "! deleted postgres-data",
      "replaced a-container: image*",
      "deleted api-secrets-0a1b2c3d",
      "updated harmless: instanceClass",
      "created another",
    ]);
  });

  it("knows a resource by its type, its name and all that it is in", () => {
    const inside = { parent: "web", parentType: "tristack:docker:Service" };
    const component = (name: string, more = {}) =>
      registered("tristack:docker:Service", name, {}, { custom: false, ...more });
    const [alone, within] = [registered(CONTAINER, "it"), registered(CONTAINER, "it", {}, inside)];
    assert.deepEqual(summary([component("web"), within], [alone]), ["deleted it", "created it"]);
    assert.deepEqual(summary([component("web"), within], [within, component("web")]), []);
    const urns = planned(
      component("web", { parent: "set", parentType: "tristack:docker:Set" }),
      within,
      registered("tristack:docker:Set", "set", {}, { custom: false }),
    ).map(({ urn }) => urn);
    assert.ok(
      urns.includes(
        `urn:pulumi:test::tristack::tristack:docker:Set$tristack:docker:Service$${CONTAINER}::it`,
      ),
      urns.join("\n"),
    );
  });

  it("leaves out what Pulumi ignores, and heeds what the program says of replacement and protection", () => {
    const before = registered(CONTAINER, "it", { labels: ["a"], init: true, image: "a" });
    const change = (inputs: object, more: Partial<Registered>) =>
      summary([before], [registered(CONTAINER, "it", { ...before.inputs, ...inputs }, more)]);
    assert.deepEqual(change({ labels: ["b"] }, { ignoreChanges: ["labels"] }), []);
    assert.deepEqual(change({ labels: ["b"] }, { ignoreChanges: ["label"] }), ["replaced it: labels*"]);
    assert.deepEqual(change({ init: false }, {}), ["updated it: init"]);
    assert.deepEqual(change({ init: false }, { replaceOnChanges: ["init"] }), ["replaced it: init*"]);
    assert.deepEqual(change({ init: false }, { replaceOnChanges: ["*"] }), ["replaced it: init*"]);
    assert.deepEqual(change({}, { protect: true }), ["updated it: protect"]);
  });

  it("does not count components, nor references to other stacks", () => {
    const others = [
      registered("tristack:docker:Host", "host", {}, { custom: false }),
      registered("pulumi:pulumi:StackReference", "self"),
    ];
    assert.deepEqual(summary([], others), []);
  });
});

describe("the table of what replaces", () => {
  const changed = (path: string, before: unknown, after: unknown) => ({
    path: path.split("."),
    before,
    after,
  });
  const own: ReplacementTable = {
    versions: {},
    replacedBy: { "x:y:Z": ["name", "disk.encrypted", "restore."], "kubernetes:": ["metadata.name"] },
  };
  const replacing = (type: string, path: string, before: unknown, after: unknown) =>
    replaces(changed(path, before, after), { type, replaceOnChanges: [] }, own);

  it("is about a property, and what is in it", () => {
    assert.equal(replacing("x:y:Z", "name", "a", "b"), true);
    assert.equal(replacing("x:y:Z", "name.first", "a", "b"), true);
    assert.equal(replacing("x:y:Z", "names", "a", "b"), false);
    assert.equal(replacing("x:y:Other", "name", "a", "b"), false);
    assert.equal(replacing("kubernetes:example.com/v1:Thing", "metadata.name", "a", "b"), true);
    assert.equal(replacing("kubernetes:example.com/v1:Thing", "metadata.labels", "a", "b"), false);
  });

  it("is about an object that comes or goes with such a property", () => {
    assert.equal(replacing("x:y:Z", "disk", undefined, { encrypted: true }), true);
    assert.equal(replacing("x:y:Z", "disk", [{ size: 1, encrypted: true }], undefined), true);
    assert.equal(replacing("x:y:Z", "disk", undefined, { size: 1 }), false);
    assert.equal(replacing("x:y:Z", "disk.size", 1, 2), false);
  });

  it("tells an object that replaces by coming or going from what changes in it", () => {
    assert.equal(replacing("x:y:Z", "restore", undefined, { from: "a" }), true);
    assert.equal(replacing("x:y:Z", "restore.from", "a", "b"), false);
  });

  it("is of the versions that are pinned", () => {
    const { dependencies } = JSON.parse(
      readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    ) as {
      dependencies: Record<string, string>;
    };
    for (const [name, version] of Object.entries(replacementTable().versions))
      assert.equal(version, dependencies[`@pulumi/${name}`], `${name}; run: npm run replacements`);
    assert.deepEqual(Object.keys(replacementTable().versions), ["aws", "docker", "kubernetes", "random"]);
  });

  it("has what the database of RDS is made anew for, as the emulated runs do (test/e2e/aws/base.test.ts)", () => {
    const { replacedBy } = replacementTable();
    const known =
      "availabilityZone characterSetName customIamInstanceProfile dbName engine kmsKeyId ncharCharacterSetName";
    const paths = replacedBy[INSTANCE]?.map((path) => path.replace(/\.$/, "")) ?? [];
    const all = [
      ...known.split(" "),
      "restoreToPointInTime",
      "snapshotIdentifier",
      "storageEncrypted",
      "timezone",
      "username",
    ];
    assert.deepEqual(
      all.filter((name) => !paths.includes(name)),
      [],
    );
    for (const harmless of ["instanceClass", "backupRetentionPeriod", "backupWindow", "maxAllocatedStorage"])
      assert.ok(!paths.includes(harmless), harmless);
  });
});
