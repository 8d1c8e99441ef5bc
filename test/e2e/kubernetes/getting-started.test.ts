/**
 * A newcomer's way to production on a cluster: docs/getting-started.md from top to bottom, on the cluster of the tests. Stand-ins, by
 * name alone: the domain (curl is told where it leads), Let's Encrypt (an issuer of its name that asks an ACME server of this
 * machine), the registry (images are brought to the node, those of the application built as `npm start` builds them), and a node of
 * two processors.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { imageName } from "../../../cli/images.ts";
import { clusterUp } from "../../../toolchain/cluster/cluster.ts";
import { loadImages } from "../../../toolchain/cluster/images.ts";
import { kubectl } from "../../../toolchain/cluster/kubectl.ts";
import { KUBECONFIG, NODE_ADDRESS, PORTS } from "../../../toolchain/cluster/layout.ts";
import { ensureDocker } from "../../../toolchain/docker.ts";
import { ensureBaseImages } from "../../../toolchain/images.ts";
import { CLUSTER_TOOLS, toolPath } from "../../../toolchain/pins.ts";
import { REPOSITORY, environment, run, succeeded } from "../../support/e2e-command.ts";
import { docker } from "../../support/e2e-engine.ts";
import { Newcomer, withValues } from "../../support/e2e-getting-started.ts";
import { SERVICES, buildSample } from "../../support/e2e-images.ts";
import { makeIssuer, removeIssuer } from "../../support/e2e-issuer.ts";
import { Dns, Pebble } from "../../support/e2e-pebble.ts";

const DOMAIN = "shop.e2e.test";
const REGISTRY = "registry.e2e.test/shop";
/** The page's stack is called so, and its namespace as the stack. */
const NAMESPACE = "production";
const ISSUER = "letsencrypt-prod";

describe("docs/getting-started.md, a cluster", function () {
  // One step needs the one before.
  this.bail(true);
  let newcomer: Newcomer;
  let dns: Dns;
  let pebble: Pebble;

  before(async () => {
    const say = (line: string) => console.log(`    ${line}`);
    await ensureDocker();
    await clusterUp(say, ["certificates"]);
    await removeNamespace();
    newcomer = await Newcomer.create("kubernetes");
    const { place } = newcomer;
    // kubectl of the cluster's own version, which a machine may not have otherwise.
    const folder = await place.folder("bin");
    const script = `#!/bin/sh\nexec '${toolPath(CLUSTER_TOOLS.kubernetes)}' kubectl "$@"\n`;
    await writeFile(join(folder, "kubectl"), script, { mode: 0o755 });
    Object.assign(place.env, { KUBECONFIG, PATH: [folder, environment().PATH].join(delimiter) });
    dns = await Dns.start();
    const files = await place.folder("pebble");
    pebble = await Pebble.start({ folder: files, address: NODE_ADDRESS, httpPort: PORTS.http, dns });
    await makeIssuer(ISSUER, pebble);
    const root = join(files, "root.pem");
    await writeFile(root, await pebble.root());
    await newcomer.curl(
      `connect-to = "${DOMAIN}:${PORTS.https}:127.0.0.1:${PORTS.https}"`,
      `cacert = "${root}"`,
    );
  });
  after(async () => {
    await removeNamespace();
    await removeIssuer(ISSUER);
    await pebble?.stop();
    await dns?.stop();
    await newcomer?.place.dispose();
  });

  async function removeNamespace(): Promise<void> {
    await kubectl(["delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=120s"]);
  }

  it("begins with a checkout, a passphrase and the settings, which plan and kubectl understand", async () => {
    const { place } = newcomer;
    const { stdout: context } = await kubectl(["config", "current-context"]);
    const values = {
      REPOSITORY: place.root,
      DOMAIN,
      CONTEXT: context.trim(),
      REGISTRY,
      PULUMI_BACKEND_URL: `file://${await place.folder("state")}`,
    };
    await newcomer.step("Your values", (text) => withValues(text, values));
    await newcomer.step("The checkout");
    const { stdout } = await newcomer.step("The settings");
    assert.match(stdout, /StatefulSet postgres/);
    const images = await ensureBaseImages();
    await newcomer.settle({
      proxy: { httpPort: PORTS.http, httpsPort: PORTS.https },
      "images.postgres": images.postgres.reference,
      "images.redis": images.redis.reference,
      // The node has two processors.
      database: { cpu: 1, memory: "512MiB" },
      cache: { cpu: 0.4, memory: "128MiB" },
      "services.web.replicas": 2,
      "services.web.requests": { cpu: 0.05 },
      "services.api.replicas": 2,
      "services.api.requests": { cpu: 0.05 },
    });
  });

  it("makes the stack, and brings the images", async () => {
    const { stdout } = await newcomer.step("The stack and its images");
    assert.match(stdout, /^production is created in file:/m);
    const images = await ensureBaseImages();
    const version = await buildSample("local", images);
    const names = SERVICES.map((service) => `${REGISTRY}/${service}:v1.0.0`);
    // The registry's part: what `docker build` and `docker push` name is there when the node asks for it.
    await newcomer.step("The stack and its images", (text) => {
      for (const service of SERVICES)
        assert.ok(text.includes(`docker push "$REGISTRY/${service}:v1.0.0"`), service);
      return ":";
    });
    for (const [index, service] of SERVICES.entries())
      await docker("tag", imageName(service, version), names[index] ?? "");
    try {
      await loadImages([images.postgres.reference, images.redis.reference, ...names], () => undefined);
    } finally {
      await docker("image", "rm", ...names);
    }
  });

  it("ends with the application answering at its domain", async () => {
    const { stdout } = await newcomer.step("The first release", (text) =>
      // The cluster's router has other ports than a router of one's own would.
      text.replace("https://$DOMAIN/", `https://$DOMAIN:${PORTS.https}/`),
    );
    assert.match(stdout, /"status": ?"ok"/);
    assert.match(stdout, /release +v1\.0\.0-\w+\nmaintenance/);
    const status = succeeded(
      await run("git", ["-C", newcomer.root, "status", "--porcelain"], { cwd: REPOSITORY }),
    );
    assert.equal(status.stdout, "");
    assert.deepEqual(newcomer.left, []);
  });
});
