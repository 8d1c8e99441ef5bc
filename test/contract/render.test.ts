/** `tristack render`: what is written, and what is refused. That Kustomize makes the stacks' objects of it: test/e2e/kubernetes/render.test.ts. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { apply, changesOf } from "../../cli/render/folder.ts";
import { kustomize } from "../../cli/render/kustomize.ts";
import { manifestsOf } from "../../cli/render/manifests.ts";
import { stacksOf } from "../../cli/render/stacks.ts";
import { HEADER, yamlFile } from "../../cli/render/yaml.ts";
import { buildGraph } from "../support/graph.ts";
import { goodKubernetes } from "../support/kubernetes-settings.ts";
import { type Config, changed } from "../support/settings.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const EXAMPLES = join(ROOT, "examples", "kubernetes");

interface Kustomization {
  namespace: string;
  resources: string[];
  replicas: object[];
  images: { name: string; newTag?: string; digest?: string }[];
  patches: { path: string }[];
}

let scratch: string;
before(() => (scratch = mkdtempSync(join(tmpdir(), "tristack-render-"))));
after(() => rmSync(scratch, { recursive: true }));

describe("tristack render", () => {
  let out: string;
  let result: { stacks: { stack: string; secrets: object[] }[]; written: string[] };
  before(async () => {
    out = join(scratch, "kubernetes");
    const ran = await render("--settings", EXAMPLES, "--version", "v1.0.0", "--json");
    assert.equal(ran.exitCode, 0, ran.stderr);
    result = JSON.parse(ran.stdout) as typeof result;
  });

  /** No cluster, no Pulumi, no home: nothing of them is needed. */
  const render = (...args: string[]) =>
    execa(process.execPath, [join(ROOT, "cli", "tristack.js"), "render", "--output", out, ...args], {
      cwd: scratch,
      env: { PATH: process.env.PATH, HOME: scratch, KUBECONFIG: join(scratch, "none") },
      extendEnv: false,
      reject: false,
      stdin: "ignore",
    });
  const read = <T>(path: string) => parse(readFileSync(join(out, path), "utf8")) as T;
  const kustomization = (stack: string) => read<Kustomization>(`overlays/${stack}/kustomization.yaml`);

  it("writes a base and overlays that differ as the source document's do", () => {
    const { namespace, replicas, images, resources, patches } = kustomization("production");
    assert.equal(namespace, "production");
    assert.deepEqual(replicas, [
      { count: 3, name: "api" },
      { count: 5, name: "web" },
    ]);
    assert.ok(resources.includes("../../base"));
    assert.deepEqual(images.slice(0, 2), [
      { name: "ghcr.io/myorg/api", newTag: "v1.0.0" },
      { name: "ghcr.io/myorg/web", newTag: "v1.0.0" },
    ]);
    assert.ok(patches.some(({ path }) => path === "patches/statefulset-postgres.yaml"));
    assert.deepEqual(kustomization("staging").replicas, [
      { count: 2, name: "api" },
      { count: 2, name: "web" },
    ]);
    assert.deepEqual(kustomization("staging").patches, [], "the base is in the first one's words");
  });

  it("names every file that it writes, and no other", () => {
    const named = ["base", "overlays/staging", "overlays/production"].flatMap((folder) => {
      const { resources, patches = [] } = read<Partial<Kustomization>>(`${folder}/kustomization.yaml`);
      const files = [...(resources ?? []), ...patches.map(({ path }) => path), "kustomization.yaml"];
      return files.filter((file) => file !== "../../base").map((file) => `${folder}/${file}`);
    });
    assert.deepEqual([...result.written].sort(), named.sort());
    for (const path of named) read(path);
  });

  it("writes no secret: the pods name what they expect, and the result says what that is", () => {
    const text = result.written.map((path) => readFileSync(join(out, path), "utf8"));
    assert.ok(text.every((one) => !/^kind: Secret$/m.test(one)));
    assert.match(text.join(), /secretName: api-secrets$/m);
    assert.deepEqual(result.stacks.find(({ stack }) => stack === "production")?.secrets, [
      { name: "api-secrets", type: "Opaque", keys: ["DATABASE_URL", "REDIS_URL", "SECRET_KEY"] },
      { name: "postgres-secret", type: "Opaque", keys: ["password"] },
      { name: "redis-secret", type: "Opaque", keys: ["redis.conf"] },
    ]);
  });

  it("with --check writes nothing, and fails where something differs", async () => {
    const args = ["staging", "--settings", EXAMPLES, "--version", "v1.0.0", "--check"];
    const { exitCode, stdout } = await render(...args);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^differs: overlays\/production\/kustomization.yaml$/m);
    assert.equal(kustomization("production").images[0]?.newTag, "v1.0.0");
  });

  it("refuses what cannot be rendered, with exit code 2", async () => {
    const { exitCode, stderr } = await render("--settings", EXAMPLES);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--version is missing, and no release is in .*Pulumi\.staging\.yaml/);
  });
});

describe("the stacks that are rendered", () => {
  const of = (root: string, named: string[] = [], versions: [string, string][] = [["", "v1"]]) =>
    stacksOf({ root, name: "tristack" }, named, new Map(versions));
  const settings = (config: Config): string => {
    const folder = mkdtempSync(join(scratch, "settings-"));
    const keyed = Object.entries(config).map(([key, value]) => [`tristack:${key}`, value]);
    const text = stringify({ config: Object.fromEntries(keyed) as Config });
    writeFileSync(join(folder, "Pulumi.one.yaml"), text);
    return folder;
  };
  const bare = () => changed(goodKubernetes(), ["secrets"], undefined);

  it("have the version of the command line, one alone or each its own", async () => {
    const stacks = await of(
      EXAMPLES,
      [],
      [
        ["", "v2"],
        ["production", "v1"],
      ],
    );
    assert.deepEqual(
      stacks.map(({ name, file }) => [name, file.config.release]),
      [
        ["staging", { version: "v2" }],
        ["production", { version: "v1" }],
      ],
    );
  });

  it("have that of their settings where there is one, and need no secret", async () => {
    const folder = settings(bare());
    assert.deepEqual((await of(folder))[0]?.file.config.release, { version: "v1.0.0" });
    assert.deepEqual((await of(folder, [], [["one", "v9"]]))[0]?.file.config.release, { version: "v9" });
  });

  const refusals: [title: string, stacks: () => Promise<unknown>, message: RegExp][] = [
    [
      "another target",
      () => of(ROOT, ["production"]),
      /Pulumi\.production\.yaml: target is vps; .* needs kube/,
    ],
    ["no such stack", () => of(ROOT, ["nowhere"]), /There is no settings file of a stack nowhere/],
    ["no stack at all", () => of(ROOT), /no settings of a stack of the target kubernetes/],
    [
      "a version of no stack",
      () => of(EXAMPLES, [], [["x", "v1"]]),
      /--version: x is not rendered; needs one of/,
    ],
    [
      "bad settings",
      () => of(settings(changed(bare(), ["domain"], "no domain"))),
      /tristack:domain is "no domain"/,
    ],
  ];
  for (const [title, stacks, message] of refusals)
    it(`are refused: ${title}`, () => assert.rejects(stacks, { exitCode: 2, message }));
});

describe("the folder that is written", () => {
  const files = (...paths: string[]) => new Map(paths.map((path) => [path, yamlFile({ path })]));

  it("has what is rendered, loses what is no more, and is left alone where nothing differs", () => {
    const folder = join(scratch, "folder");
    const first = files("base/a.yaml", "overlays/one/patches/b.yaml");
    apply(folder, first, changesOf(folder, first));
    assert.deepEqual(changesOf(folder, first), { written: [], removed: [] });
    const second = files("base/a.yaml", "base/c.yaml");
    const changes = changesOf(folder, second);
    assert.deepEqual(changes, { written: ["base/c.yaml"], removed: ["overlays/one/patches/b.yaml"] });
    apply(folder, second, changes);
    assert.deepEqual(changesOf(folder, second), { written: [], removed: [] });
    assert.ok(!existsSync(join(folder, "overlays")), "nor is an empty folder left");
  });

  it("is nobody else's", () => {
    const folder = mkdtempSync(join(scratch, "foreign-"));
    writeFileSync(join(folder, ".mine"), "a: 1\n");
    const message = /holds files that are not of `tristack render` \(\.mine\)/;
    assert.throws(() => changesOf(folder, files("a.yaml")), { exitCode: 2, message });
    writeFileSync(join(folder, ".mine"), `${HEADER}\na: 1\n`);
    assert.deepEqual(changesOf(folder, files("a.yaml")), { written: ["a.yaml"], removed: [".mine"] });
  });
});

describe("manifests", () => {
  const resourcesOf = async (config: Config, stack = "production") =>
    (await buildGraph({ stack, config, secretKeys: ["secrets"] })).resources;
  const build = async (config: Config) => manifestsOf(await resourcesOf(config));

  it("are the same whatever the secrets are", async () => {
    const other = changed(goodKubernetes(), ["secrets", "SECRET_KEY"], "another-secret-that-is-long-enough");
    assert.deepEqual(await build(other), await build(goodKubernetes()));
  });

  it("say nothing to Pulumi, and to Argo CD what comes after what, and what it never removes", async () => {
    const { objects } = await build(goodKubernetes());
    assert.ok(!JSON.stringify(objects).includes("pulumi.com"));
    const marks = (kind: string) =>
      objects.filter((one) => one.kind === kind).map(({ metadata }) => metadata.annotations);
    const wave = "argocd.argoproj.io/sync-wave";
    assert.deepEqual(marks("Job"), [{ [wave]: "1" }]);
    assert.deepEqual(marks("Deployment"), [{ [wave]: "2" }, { [wave]: "2" }, { [wave]: "2" }]);
    const kept = { "argocd.argoproj.io/sync-options": "Prune=false,Delete=false" };
    assert.deepEqual([...marks("Namespace"), ...marks("StatefulSet")], [kept, kept, kept]);
  });

  it("have another migration whenever anything of it differs, since a Job cannot be changed", async () => {
    const jobOf = async (config: Config) =>
      (await build(config)).objects.find(({ kind }) => kind === "Job")?.metadata.name;
    const first = await jobOf(goodKubernetes());
    assert.match(first ?? "", /^api-migration-[0-9a-f]{8}$/);
    const more = changed(goodKubernetes(), ["services", "api", "environment"], { LEVEL: "debug" });
    assert.notEqual(await jobOf(more), first);
  });

  it("refuse what holds a secret where everybody can read it", async () => {
    const resources = await resourcesOf(goodKubernetes());
    const deployment = resources.find(({ type }) => type === "kubernetes:apps/v1:Deployment");
    assert.equal(deployment?.secret, false);
    assert.throws(
      () => manifestsOf(resources.map((one) => (one === deployment ? { ...one, secret: true } : one))),
      /Deployment \w+ holds a secret outside of a Secret/,
    );
  });

  it("become images by digest, and by patch where one stack runs two versions of one", async () => {
    const digests = { web: `sha256:${"a".repeat(64)}` };
    const config = changed(goodKubernetes(), ["release"], { version: "v1", digests });
    const shared = changed(config, ["services", "worker", "image"], "ghcr.io/myorg/web");
    const imagesOf = async (given: Config) => {
      const { objects } = await build(given);
      const files = kustomize([{ stack: "production", namespace: "production", objects }]);
      return (parse(files.get("overlays/production/kustomization.yaml") ?? "") as Kustomization).images;
    };
    assert.deepEqual((await imagesOf(config)).slice(0, 2), [
      { name: "ghcr.io/myorg/api", newTag: "v1" },
      { name: "ghcr.io/myorg/web", digest: digests.web },
    ]);
    assert.ok((await imagesOf(shared)).every(({ name }) => !name.endsWith("web")));
  });
});

describe("the YAML of manifests", () => {
  it("keeps every text a text for readers of both versions of YAML", () => {
    const texts = [
      "yes",
      "on",
      "012",
      "0o7",
      "1:30",
      "=",
      "<<",
      "null",
      "~",
      "1e3",
      "",
      " x",
      "a\nb\n",
      "#",
      "é",
    ];
    for (const version of ["1.1", "1.2"] as const)
      assert.deepEqual(parse(yamlFile(texts), { version }), texts);
  });
});
