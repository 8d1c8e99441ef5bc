/** Releases from a private registry: pulled, pinned by digest, kept on the host, and brought back while it is down. */
import assert from "node:assert/strict";
import { inspectImages } from "../../../toolchain/images.ts";
import { ended, run, succeeded } from "../../support/e2e-command.ts";
import { docker } from "../../support/e2e-engine.ts";
import { Load, figures } from "../../support/e2e-load.ts";
import { marker, markersIn } from "../../support/e2e-markers.ts";
import { Registry } from "../../support/e2e-registry.ts";
import {
  deploy,
  imageOf,
  resultOf,
  rollback,
  servedRelease,
  serving,
  tagVersions,
} from "../../support/e2e-releases.ts";
import { dockerTraces } from "../../support/e2e-traces.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

const VERSIONS = ["r1", "r2", "r3", "r4", "r5", "r6"];
const SERVICES = ["web", "api"] as const;
/** Seconds in which a rollback has to be done: the settings' own health timeout is 30. */
const ROLLBACK_LIMIT = 60;

describe("releases from a private registry", () => {
  const password = marker("the registry's password", 12);
  let site: Workspace;
  let registry: Registry;

  before(async () => {
    site = await started("registry");
    await tagVersions(["pushed"]);
    const { python } = await inspectImages();
    registry = await Registry.start(await site.folder("registry"), password.value, python.reference);
    const config = await site.folder("docker");
    await registry.login(config, password.value);
    site.env.DOCKER_CONFIG = config;
    for (const version of VERSIONS) {
      for (const service of SERVICES) {
        const image = `tristack-e2e/${service}:${version}`;
        // Another label is another image, with the same layers.
        const input = `FROM ${imageOf(service, "pushed")}\nLABEL version=${version}\n`;
        const build = ["build", "--quiet", "--tag", image, "-"];
        succeeded(await run("docker", build, { cwd: site.root, input, env: { DOCKER_BUILDKIT: "0" } }));
        await registry.push(image, `shop/${service}:${version}`, config);
        await docker("image", "rm", image);
      }
    }
    await site.change((settings) => {
      settings.set(["release"], undefined);
      settings.set(["registries"], [registry.address]);
      for (const service of SERVICES)
        settings.set(["services", service, "image"], `${registry.address}/shop/${service}`);
    });
  });
  after(async () => {
    const images = (
      await docker("image", "ls", "--format", "{{.Repository}}@{{.Digest}} {{.Repository}}:{{.Tag}}")
    )
      .split("\n")
      .flatMap((line) => line.split(" "))
      .filter(
        (name) => registry !== undefined && name.startsWith(registry.address) && !name.includes("<none>"),
      );
    await registry?.down();
    await site?.dispose();
    for (const image of new Set(images)) await run("docker", ["image", "rm", image], { cwd: "/" });
    for (const service of SERVICES)
      await run("docker", ["image", "rm", imageOf(service, "pushed")], { cwd: "/" });
  });

  /** Names of the registry's images on this machine. */
  const present = async () =>
    (await docker("image", "ls", "--digests", "--format", "{{.Repository}}:{{.Tag}} {{.Digest}}"))
      .split("\n")
      .filter((line) => line.startsWith(registry.address));

  it("are pulled, and run by their digests", async () => {
    for (const version of VERSIONS) {
      const ran = succeeded(await deploy(site, version, "--bake", "0"));
      console.log(`      ${version}: ${ran.seconds.toFixed(1)} s`);
    }
    for (const one of await serving())
      assert.match(one.Config.Image, /\/shop\/(web|api)@sha256:[0-9a-f]{64}$/);
    const { release } = JSON.parse(succeeded(await site.tristack(["outputs", "local", "--json"])).stdout) as {
      release: { digests: Record<string, string> };
    };
    assert.deepEqual(Object.keys(release.digests).sort(), ["api", "web"]);
  });

  it("show no change afterwards: tag and digest do not alternate", async () => {
    succeeded(await site.pulumi(["preview", "--stack", "local", "--refresh", "--expect-no-changes"]));
  });

  it("stay on the host while they are among the last five, and go as a whole afterwards", async () => {
    const lines = await present();
    for (const version of VERSIONS.slice(1))
      for (const service of SERVICES)
        assert.ok(
          lines.some((line) => line.startsWith(`${registry.address}/shop/${service}:${version} `)),
          version,
        );
    assert.ok(!lines.some((line) => line.includes(":r1 ")), lines.join("\n"));
    assert.equal(
      lines.filter((line) => line.includes(":<none>")).length,
      0,
      "nothing without a tag is left of them",
    );
  });

  it("are gone back to while the registry is down, each of them, and no request fails", async () => {
    await registry.down();
    const load = new Load(site.origin);
    const seconds: string[] = [];
    for (const version of ["r5", "r4", "r3", "r2"]) {
      const ran = succeeded(await rollback(site, version));
      seconds.push(`${version} ${ran.seconds.toFixed(1)} s`);
      assert.ok(ran.seconds < ROLLBACK_LIMIT, `${ran.seconds} s`);
      assert.match(await servedRelease(site), new RegExp(`^${version}-`));
    }
    const report = await load.stop();
    console.log(`      ${seconds.join(", ")}; ${figures(report)}`);
    assert.deepEqual(report.failures, []);
  });

  it("that are nowhere to be had change nothing", async () => {
    const before = await servedRelease(site);
    const ran = ended(await deploy(site, "r7", "--bake", "0"), 1);
    assert.match(ran.all, /web: \S+\/shop\/web:r7 cannot be had/);
    assert.match(ran.all, /Nothing was changed/);
    assert.equal(await servedRelease(site), before);
  });

  it("that the password does not open are refused, by name and reason", async () => {
    await registry.up();
    const nobody = await site.folder("nobody");
    const ran = await site.tristack(["deploy", "local", "--version", "r7", "--bake", "0"], {
      env: { DOCKER_CONFIG: nobody },
    });
    assert.match(ended(ran, 1).all, /web: \S+ cannot be had: .*(no basic auth credentials|unauthorized)/s);
  });

  it("are deployed again once it is back", async () => {
    assert.equal(resultOf(succeeded(await deploy(site, "r6", "--bake", "0"))).lastDeploy.passed, true);
  });

  it("leave the password in no state, output, log or inspect", async () => {
    const { stdout: state } = succeeded(await site.pulumi(["stack", "export", "--stack", "local"]));
    const said = site.said.map((text) => ({ where: "a command", text }));
    const traces = [...(await dockerTraces()), ...said, { where: "the state", text: state }];
    assert.ok(state.includes(registry.address), "there is something to search");
    assert.deepEqual(
      traces.flatMap(({ where, text }) => markersIn(text, [password]).map((name) => `${name} in ${where}`)),
      [],
    );
  });
});
