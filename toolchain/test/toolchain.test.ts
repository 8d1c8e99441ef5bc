/** The parts of the toolchain that need neither network nor Docker. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { vpsSchema } from "../../components/settings/bounds.ts";
import { inspectDocker } from "../docker.ts";
import { withLock } from "../lock.ts";
import { builtFrom, install, reportTool } from "../manifest.ts";
import { source } from "../paths.ts";
import {
  BASE_IMAGE_NAMES,
  CLUSTER_TOOLS,
  IMAGES,
  type ImageName,
  KWOK,
  MONITORING_IMAGE_NAMES,
  TARGETS,
  imagesOf,
  type Tool,
  toolPath,
  toolsFor,
} from "../pins.ts";

const silent = () => undefined;

describe("the toolchain", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "toolchain-test-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  describe("pins", () => {
    it("build every tool from a module with checksums", () => {
      for (const tool of TARGETS.flatMap(toolsFor)) {
        assert.match(builtFrom(tool), /^github\.com\/[^@]+@v\d+\.\d+\.\d+/, tool.name);
        assert.ok(existsSync(source("modules", tool.source.folder, "go.sum")), tool.name);
      }
    });

    it("build the parts of the test cluster from the version that each is known by", () => {
      const { pause, ...tools } = CLUSTER_TOOLS;
      assert.ok(existsSync(source("modules", pause.source.folder, "main.go")));
      for (const tool of [...Object.values(tools), KWOK])
        assert.equal(builtFrom(tool), `${tool.source.module}@v${tool.version}`);
    });

    it("build the very version of the CLI that package.json pins for launcher and SDK", () => {
      const [cli] = toolsFor("vps") as [Tool];
      const { dependencies } = JSON.parse(readFileSync(source("../package.json"), "utf8")) as {
        dependencies: Record<string, string>;
      };
      assert.equal(builtFrom(cli), `github.com/pulumi/pulumi/pkg/v3@v${dependencies.pulumi}`);
      assert.equal(dependencies["@pulumi/pulumi"], dependencies.pulumi);
    });

    it("name the images that the settings have by default", () => {
      const { images } = vpsSchema.parse({
        target: "vps",
        environment: { kind: "local" },
        services: { web: { image: "web", port: 80, routes: ["/"] } },
      });
      for (const [name, image] of Object.entries(images))
        assert.equal(IMAGES[name as ImageName].official, image);
      assert.ok(Object.keys(images).length >= 4);
    });

    it("bring the images of monitoring only to a stack that has it", () => {
      const without = imagesOf({ monitoring: false, grafana: true });
      assert.deepEqual(without, BASE_IMAGE_NAMES);
      const all = imagesOf({ monitoring: true, grafana: true });
      assert.deepEqual(all, [...BASE_IMAGE_NAMES, ...MONITORING_IMAGE_NAMES]);
      assert.ok(!imagesOf({ monitoring: true, grafana: false }).includes("grafana"));
    });

    it("have a Dockerfile for each image that can be built", () => {
      for (const [name, { suite }] of Object.entries(IMAGES)) {
        const folder = name === "nodeExporter" ? "node-exporter" : name;
        assert.equal(existsSync(source("images", folder, "Dockerfile")), suite !== undefined, name);
      }
    });

    it("put tools where Pulumi looks for them", () => {
      const [cli, , docker] = toolsFor("vps") as [Tool, Tool, Tool];
      assert.equal(toolPath(cli, "/home"), `/home/versions/${cli.version}/bin/pulumi`);
      const expected = `/home/plugins/resource-docker-v${docker.version}/pulumi-resource-docker`;
      assert.equal(toolPath(docker, "/home"), expected);
    });
  });

  describe("the language host that is built", () => {
    const options = (yaml: string | undefined) => {
      const host = join(folder, "pulumi-language-nodejs");
      copyFileSync(source("modules", "language-nodejs", "with-options.sh"), host);
      mkdirSync(`${host}.d`);
      writeFileSync(join(`${host}.d`, "pulumi-language-nodejs"), '#!/bin/sh\nprintf "%s\\n" "$@"\n', {
        mode: 0o755,
      });
      if (yaml !== undefined) writeFileSync(join(folder, "Pulumi.yaml"), yaml);
      const ran = spawnSync("sh", [host, "127.0.0.1:1"], { cwd: folder, encoding: "utf8" });
      assert.equal(ran.status, 0, ran.stderr);
      return ran.stdout.trim().split("\n");
    };

    it("gets the options of Pulumi.yaml as flags", () => {
      const yaml =
        "runtime:\n  name: nodejs\n  options:\n    typescript: false\n    nodeargs: --require=./a.cjs --b=*\n";
      assert.deepEqual(options(yaml), [
        "-nodeargs=--require=./a.cjs --b=*",
        "-typescript=false",
        "127.0.0.1:1",
      ]);
    });

    it("gets none where there are none", () => {
      assert.deepEqual(options("runtime: nodejs\n"), ["127.0.0.1:1"]);
      rmSync(join(folder, "pulumi-language-nodejs.d"), { recursive: true });
      rmSync(join(folder, "Pulumi.yaml"));
      assert.deepEqual(options(undefined), ["127.0.0.1:1"]);
    });
  });

  describe("a manifest", () => {
    const [tool] = toolsFor("vps") as [Tool];
    const built = (content: string) => {
      const file = join(folder, "built");
      writeFileSync(file, content, { mode: 0o755 });
      mkdirSync(dirname(toolPath(tool, folder)), { recursive: true });
      return file;
    };

    it("tells what was built here from what was downloaded", () => {
      assert.equal(reportTool(tool, folder).origin, "missing");
      install(tool, built("one"), "go1.26.8", folder);
      const report = reportTool(tool, folder);
      assert.equal(report.origin, "built from Go modules");
      assert.equal(report.builtFrom, builtFrom(tool));
      assert.equal(report.current, true);
      // Somebody else's in its place.
      writeFileSync(toolPath(tool, folder), "official", { mode: 0o755 });
      assert.equal(reportTool(tool, folder).origin, "downloaded");
    });

    it("goes with its executable", () => {
      install(tool, built("one"), "go1.26.8", folder);
      install(tool, built("another"), "go1.26.8", folder);
      assert.equal(reportTool(tool, folder).origin, "built from Go modules");
      writeFileSync(toolPath(tool, folder), "one", { mode: 0o755 });
      assert.equal(reportTool(tool, folder).origin, "downloaded");
    });

    it("asks for a new build when a pin changes", () => {
      install(tool, built("one"), "go1.26.8", folder);
      const other: Tool = { ...tool, source: { ...tool.source, set: { "main.version": "0" } } };
      assert.equal(reportTool(other, folder).current, false);
    });
  });

  describe("the lock", () => {
    it("lets one in at a time", async () => {
      let inside = 0;
      const work = async () => {
        assert.equal(++inside, 1);
        await sleep(20);
        inside--;
      };
      const file = join(folder, "lock");
      await Promise.all([withLock(file, silent, work), withLock(file, silent, work)]);
      assert.equal(existsSync(file), false);
    });

    it("is taken over from a process that died", async () => {
      const file = join(folder, "lock");
      writeFileSync(file, String(spawnSync("true").pid));
      assert.equal(await withLock(file, silent, () => Promise.resolve("done")), "done");
    });

    it("is taken over from a process whose number belongs to another one by now", async () => {
      const file = join(folder, "lock");
      writeFileSync(file, `${process.pid} 1`);
      assert.equal(await withLock(file, silent, () => Promise.resolve("done")), "done");
    });

    it("is given back by work that failed", async () => {
      const file = join(folder, "lock");
      await assert.rejects(
        withLock(file, silent, () => Promise.reject(new Error("broken"))),
        /^Error: broken$/,
      );
      assert.equal(existsSync(file), false);
    });
  });

  it("says what to install where there is no docker command", async () => {
    const path = process.env["PATH"];
    process.env["PATH"] = folder;
    try {
      const { origin, problem } = await inspectDocker();
      assert.equal(origin, "missing");
      assert.match(problem ?? "", /^the docker command is missing: \S.*(install|WSL)/);
    } finally {
      process.env["PATH"] = path;
    }
  });
});
