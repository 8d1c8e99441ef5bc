import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execaNode } from "execa";
import { parse } from "yaml";

const ROOT = join(import.meta.dirname, "..", "..");

/** Loads Pulumi and prints how many files of the libraries are there; then what `expression` comes to, and how many then. */
async function loadedBy(expression: string, environment: NodeJS.ProcessEnv = {}): Promise<unknown> {
  const script = `
    const pulumi = require("@pulumi/pulumi");
    const files = () => Object.values(require.cache)
      .filter((one) => /[/](typescript|@npmcli[/]arborist|source-map-support|pulumi[/]automation|closure[/]v8Hooks.js)([/]|$)/.test(one.filename) && one.children).length;
    const before = files();
    Promise.resolve(${expression}).then((value) => console.log(JSON.stringify([before, value, files() > 0])));`;
  const { stdout } = await execaNode("-e", [script], {
    cwd: ROOT,
    nodeOptions: ["--require", join(ROOT, "cli", "preload.cjs")],
    env: { NODE_COMPILE_CACHE: undefined, TRACEPARENT: undefined, ...environment },
  });
  return JSON.parse(stdout);
}

describe("what is loaded before Pulumi", () => {
  it("keeps them from being loaded with it", async () => {
    assert.deepEqual(await loadedBy("1"), [0, 1, false]);
  });

  it("keeps what V8 has compiled, Pulumi included", async () => {
    assert.deepEqual(await loadedBy('typeof require("node:module").getCompileCacheDir()'), [
      0,
      "string",
      false,
    ]);
  });

  it("is what Pulumi.yaml has Pulumi start its programs with", () => {
    const { runtime } = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as {
      runtime: { options: Record<string, unknown> };
    };
    assert.equal(runtime.options.nodeargs, "--require=./cli/preload.cjs");
    assert.equal(runtime.options.typescript, false);
  });

  it("leaves V8's debugger off while no function is serialized", async () => {
    const asked =
      'require("@pulumi/pulumi/runtime/closure/v8Hooks.js").isInitializedAsync().then(() => "off")';
    assert.deepEqual(await loadedBy(asked), [0, "off", false]);
  });

  it("has Pulumi name the file of a function that cannot be serialized, loaded before that was known", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "tristack-")), "bound.cjs");
    await writeFile(file, "const bound = Math.max.bind(null); module.exports = () => bound(1);");
    const first = "({ message }) => message.split(String.fromCharCode(10))[0]";
    const text = `pulumi.runtime.serializeFunction(require(${JSON.stringify(file)})).catch(${first})`;
    try {
      const [, message] = (await loadedBy(text)) as [number, string];
      assert.equal(message, "Error serializing '() => bound(1)': bound.cjs(1,52)");
    } finally {
      await rm(dirname(file), { recursive: true });
    }
  });

  it("leaves the calls of Pulumi's clients to a trace that is asked for", async () => {
    const called = `(() => {
      require("@pulumi/pulumi/cmd/run/instrumentation.js");
      const { createRequire } = require("node:module");
      const of = createRequire(require.resolve("@pulumi/pulumi"));
      const { trace } = of("@opentelemetry/api");
      const { ResourceMonitorClient } = of("./proto/resource_grpc_pb.js");
      const { SupportsFeatureRequest } = of("./proto/resource_pb.js");
      const spans = [];
      const tracer = Object.getPrototypeOf(trace.getTracerProvider().getDelegate().getTracer("any"));
      const { startSpan } = tracer;
      tracer.startSpan = function (name, ...rest) {
        spans.push(name);
        return startSpan.call(this, name, ...rest);
      };
      const client = new ResourceMonitorClient("127.0.0.1:1", of("@grpc/grpc-js").credentials.createInsecure());
      return new Promise((resolve) => client.supportsFeature(new SupportsFeatureRequest(), () => resolve(spans.join())));
    })()`;
    const trace = {
      TRACEPARENT: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      PULUMI_OTEL_EXPORTER_OTLP_ENDPOINT: "127.0.0.1:1",
    };
    const [, spans] = (await loadedBy(called, trace)) as [number, string];
    assert.equal(spans, "grpc.pulumirpc.ResourceMonitor/SupportsFeature");
  });

  it("has the Automation API loaded for who asks for it", async () => {
    assert.deepEqual(await loadedBy("pulumi.automation.LocalWorkspace.name"), [0, "LocalWorkspace", true]);
  });

  it("has them loaded for a function that is serialized", async () => {
    const text = 'pulumi.runtime.serializeFunction((a) => a + 41).then(({ text }) => text.includes("+ 41"))';
    assert.deepEqual(await loadedBy(text), [0, true, true]);
  });
});
