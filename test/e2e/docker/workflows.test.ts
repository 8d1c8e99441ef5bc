/** Scripts of the workflows with the real `tristack`, a stack on a real Docker Engine, and images in a real registry. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { inspectImages } from "../../../toolchain/images.ts";
import { itFully } from "../../support/e2e-tier.ts";
import { environment, run, succeeded } from "../../support/e2e-command.ts";
import { docker } from "../../support/e2e-engine.ts";
import { marker } from "../../support/e2e-markers.ts";
import { Registry } from "../../support/e2e-registry.ts";
import { imageOf, servedRelease, serving, tagVersions, untagVersions } from "../../support/e2e-releases.ts";
import { until } from "../../support/e2e-until.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";
import { type StepOptions, type StepRan, removeSteps, runStep } from "../../support/step-runner.ts";

const SERVICES = ["web", "api"] as const;
/** As the workflow makes them of a commit. */
const COMMITS = ["0123456789ab".repeat(4).slice(0, 40), "ba9876543210".repeat(4).slice(0, 40)] as const;
const VERSIONS = COMMITS.map((commit) => commit.slice(0, 12));
const [FIRST, SECOND] = VERSIONS as [string, string];
/** Debian's, where Playwright's own cannot be downloaded. */
const CHROMIUM = "/usr/bin/chromium";

describe("scripts of the workflows, on a real stack", () => {
  const password = marker("the registry's password", 12);
  let site: Workspace;
  let registry: Registry;
  const digests: Record<string, { web: string; api: string }> = {};

  before(async () => {
    // On a machine with other work the api takes longer to start than its default says.
    site = await started("workflows", (workspace) =>
      workspace.change((settings) => settings.set(["services", "api", "health", "startup"], "120s")),
    );
    await tagVersions(["pushed"]);
    const { python } = await inspectImages();
    registry = await Registry.start(await site.folder("registry"), password.value, python.reference);
    const config = await site.folder("docker");
    await registry.login(config, password.value);
    site.env.DOCKER_CONFIG = config;
    for (const version of VERSIONS) {
      const own = { web: "", api: "" };
      for (const service of SERVICES) own[service] = await pushed(service, version, config);
      digests[version] = own;
    }
    await site.change((settings) => {
      settings.set(["release"], undefined);
      settings.set(["registries"], [registry.address]);
      settings.set(["delivery"], { bake: "3s" });
      settings.set(["backup"], { timeout: "60s" });
      for (const service of SERVICES)
        settings.set(["services", service, "image"], `${registry.address}/shop/${service}`);
    });
  });
  after(async () => {
    removeSteps();
    const listed = await docker(
      "image",
      "ls",
      "--format",
      "{{.Repository}}@{{.Digest}} {{.Repository}}:{{.Tag}}",
    );
    const own = listed
      .split(/\s+/)
      .filter((name) => registry && name.startsWith(registry.address) && !name.includes("<none>"));
    await registry?.down();
    await site?.dispose();
    for (const image of new Set(own)) await run("docker", ["image", "rm", image], { cwd: "/" });
    await untagVersions(["pushed"]);
  });

  /** Another label is another image, with the same layers. Returns the digest that the registry gives it. */
  async function pushed(
    service: (typeof SERVICES)[number],
    version: string,
    config: string,
  ): Promise<string> {
    const image = `tristack-e2e/${service}:${version}`;
    const input = `FROM ${imageOf(service, "pushed")}\nLABEL version=${version}\n`;
    const build = ["build", "--quiet", "--tag", image, "-"];
    succeeded(await run("docker", build, { cwd: site.root, input, env: { DOCKER_BUILDKIT: "0" } }));
    await registry.push(image, `shop/${service}:${version}`, config);
    await docker("image", "rm", image);
    const answer = await fetch(`http://${registry.address}/v2/shop/${service}/manifests/${version}`, {
      headers: {
        authorization: `Basic ${Buffer.from(`shop:${password.value}`).toString("base64")}`,
        accept: "application/vnd.docker.distribution.manifest.v2+json",
      },
    });
    return answer.headers.get("docker-content-digest") ?? "";
  }

  /** A step of a job for the local stack, as it would be for staging. */
  async function step(key: string, options: StepOptions = {}): Promise<StepRan> {
    const { PULUMI_BACKEND_URL = "", PULUMI_CONFIG_PASSPHRASE_FILE = "" } = site.exports;
    // The workflow hands the passphrase itself; an empty one would be taken for it.
    const secrets = { PULUMI_CONFIG_PASSPHRASE: readFileSync(PULUMI_CONFIG_PASSPHRASE_FILE, "utf8").trim() };
    return runStep(key, {
      standIns: [],
      workspace: site.root,
      env: { ...environment(), ...site.env },
      timeoutSeconds: 500,
      ...options,
      contexts: { vars: { PULUMI_BACKEND_URL }, secrets, ...options.contexts },
      variables: { STACK: "local", HOME: process.env.HOME ?? "", ...options.variables },
    });
  }

  function deploy(version: string): Promise<StepRan> {
    const outputs = { version, ...digests[version] };
    return step("deploy/staging/Deploy", {
      contexts: { vars: { PULUMI_BACKEND_URL: site.exports.PULUMI_BACKEND_URL }, needs: { ci: { outputs } } },
      variables: { GITHUB_SHA: COMMITS[VERSIONS.indexOf(version)] ?? COMMITS[0] ?? "" },
    });
  }

  itFully("deploy/staging/Deploy brings the digests that were pushed, and keeps the proof", async () => {
    for (const version of VERSIONS) {
      const ran = await deploy(version);
      assert.equal(ran.exitCode, 0, ran.all);
      const { lastDeploy } = JSON.parse(ran.file("deploy.json") ?? "") as { lastDeploy: { passed: boolean } };
      assert.equal(lastDeploy.passed, true);
      const images = (await serving()).map((one) => one.Config.Image);
      for (const service of SERVICES)
        assert.ok(
          images.includes(`${registry.address}/shop/${service}@${digests[version]?.[service] ?? ""}`),
        );
    }
  });

  itFully("deploy/staging/Deploy fails for a digest that was not pushed, and what serves stays", async () => {
    digests.missing = { web: `sha256:${"0".repeat(64)}`, api: digests[SECOND]?.api ?? "" };
    const before = await servedRelease(site);
    const ran = await deploy("missing");
    assert.equal(ran.exitCode, 1, ran.all);
    assert.match(ran.all, /cannot be had/);
    assert.equal(await servedRelease(site), before);
  });

  itFully("deploy/staging/Its address is the one that answers", async () => {
    const ran = await step("deploy/staging/Its address");
    assert.equal(ran.exitCode, 0, ran.all);
    assert.equal(ran.outputs.url, site.origin);
  });

  itFully(
    "deploy/browser/Test staging passes in a real browser, and fails for another version",
    async function () {
      if (!existsSync(CHROMIUM)) this.skip(); // told by name, and not counted as passed
      const test = (version: string) =>
        step("deploy/browser/Test staging", {
          contexts: {
            needs: { staging: { outputs: { url: site.origin } }, ci: { outputs: { version } } },
          },
          variables: { E2E_BROWSER: CHROMIUM, E2E_INSECURE: "1" },
        });
      const ran = await test(SECOND);
      assert.equal(ran.exitCode, 0, ran.all);
      assert.match(ran.all, /4 passing/);
      const other = await test(FIRST);
      assert.notEqual(other.exitCode, 0);
      assert.match(other.all, /3 passing/);
    },
  );

  itFully("rollback/rollback/Releases lists them", async () => {
    const ran = await step("rollback/rollback/Releases");
    assert.equal(ran.exitCode, 0, ran.all);
    for (const version of VERSIONS) assert.ok(ran.summary.includes(version), ran.summary);
  });

  itFully(
    "rollback/rollback/Rollback goes to the release before, to a named one, and to none that there is not",
    async () => {
      const back = (release: string) =>
        step("rollback/rollback/Rollback", {
          contexts: { vars: { PULUMI_BACKEND_URL: site.exports.PULUMI_BACKEND_URL }, inputs: { release } },
        });
      const before = await back("");
      assert.equal(before.exitCode, 0, before.all);
      assert.match(await servedRelease(site), new RegExp(`^${FIRST}-`));
      const named = await back(SECOND);
      assert.equal(named.exitCode, 0, named.all);
      assert.match(await servedRelease(site), new RegExp(`^${SECOND}-`));
      const none = await back("v0; touch /tmp/never");
      assert.equal(none.exitCode, 2, none.all);
      assert.match(await servedRelease(site), new RegExp(`^${SECOND}-`));
    },
  );

  itFully("backup/backup/Backup makes one, and restore-drill/drill/Drill restores it", async () => {
    const listed = async () => succeeded(await site.tristack(["backup", "list", "local", "--json"])).stdout;
    await until(60, "the stack's first backup", async () => (await listed()).includes('"ok"'));
    const made = await step("backup/backup/Backup");
    assert.equal(made.exitCode, 0, made.all);
    assert.match(made.summary, /tables, .*read back/);
    const drill = await step("restore-drill/drill/Drill");
    assert.equal(drill.exitCode, 0, drill.all);
    assert.match(drill.summary, /can be restored: \d+ tables with the same rows/);
  });

  itFully("backup/backup/Backup fails where none can be made", async () => {
    const ran = await step("backup/backup/Backup", { variables: { STACK: "nothing" } });
    assert.notEqual(ran.exitCode, 0);
  });
});
