/** A preview environment in a namespace of its own on a real cluster: up, a push, down from an empty checkout, nothing left. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { kubectl } from "../../../toolchain/cluster/kubectl.ts";
import { PORTS } from "../../../toolchain/cluster/layout.ts";
import { PROJECT } from "../../support/e2e-clone.ts";
import { ClusterSite } from "../../support/e2e-cluster.ts";
import { type Ran, REPOSITORY, ended, run, succeeded } from "../../support/e2e-command.ts";
import { ask } from "../../support/e2e-http.ts";
import { Workspace } from "../../support/e2e-workspace.ts";
import { type Config, changed } from "../../support/settings.ts";

const TEMPLATE = "Pulumi.preview.yaml";
const HOST = `pr-42.preview.example.com:${PORTS.https}`;

interface Up {
  readonly url: string;
  readonly created: boolean;
}

describe("tristack environment on a cluster", () => {
  let site: ClusterSite;
  let job: Record<string, string>;

  before(async () => {
    site = await ClusterSite.create({ stack: "previews" });
    await site.tag("env-1", "env-2");
    await writeTemplate(site);
    job = await secretsOf(site);
  });
  after(async () => {
    await kubectl(["delete", "namespace", "pr-42", "pr-43", "--ignore-not-found", "--timeout=120s"]);
    await site?.dispose();
  });

  const environment = (args: readonly string[], from = site.workspace): Promise<Ran> =>
    from.tristack(["environment", ...args], {
      env: { ...site.workspace.env, ...job },
      timeoutSeconds: 900,
    });
  const elsewhere = async (): Promise<Workspace> => {
    const other = await Workspace.beside("elsewhere");
    const template = await readFile(join(site.workspace.root, TEMPLATE), "utf8");
    await writeFile(join(other.root, TEMPLATE), template);
    return other;
  };

  it("comes up within five minutes, in a namespace of its own, and its URL answers", async () => {
    const ran = succeeded(await environment(["up", "--pull-request", "42", "--version", "env-1", "--json"]));
    console.log(`      up ${ran.seconds.toFixed(1)} s`);
    assert.ok(ran.seconds < 300, `${ran.seconds} s`);
    const { url, created } = JSON.parse(ran.stdout) as Up;
    assert.deepEqual([url, created], [`https://${HOST}`, true]);
    assert.equal((await visit("/")).status, 200);
    assert.match((await kubectl(["get", "namespace", "pr-42", "--output", "name"])).stdout, /pr-42/);
  });

  it("is brought up to date by a push from another checkout", async () => {
    const ran = succeeded(
      await environment(["up", "pr-42", "--version", "env-2", "--json"], await elsewhere()),
    );
    assert.equal((JSON.parse(ran.stdout) as Up).created, false);
    assert.equal((await visit("/api/items")).headers["x-release"], "env-2");
  });

  it("after a first up that failed goes as any other", async () => {
    ended(await environment(["up", "--pull-request", "43", "--version", "no-such-version"]), 1);
    succeeded(await environment(["down", "pr-43"], await elsewhere()));
    await gone("pr-43");
  });

  it("is destroyed from an empty checkout within three minutes, and leaves nothing labelled", async () => {
    const ran = succeeded(await environment(["sweep", "--closed", "42"], await elsewhere()));
    console.log(`      down ${ran.seconds.toFixed(1)} s`);
    assert.ok(ran.seconds < 180, `${ran.seconds} s`);
    await gone("pr-42");
  });
});

/** What has the stack's label, of every kind that the cluster lists, and its namespace. */
async function gone(stack: string): Promise<void> {
  const { stdout } = await kubectl(["get", "namespace", stack, "--ignore-not-found", "--output", "name"]);
  assert.equal(stdout.trim(), "");
  const kinds =
    "all,configmaps,secrets,persistentvolumeclaims,networkpolicies,gateways,httproutes,namespaces";
  const selector = `app.kubernetes.io/instance=${stack},app.kubernetes.io/managed-by=tristack`;
  const found = await kubectl(["get", kinds, "--all-namespaces", "--selector", selector, "--output", "name"]);
  assert.ok(!found.failed, found.stderr);
  assert.equal(found.stdout.trim(), "");
}

function visit(path: string) {
  return ask(`https://localhost:${PORTS.https}${path}`, { headers: { host: HOST } });
}

/** The site's settings as a template: smaller, and without a release. */
async function writeTemplate(site: ClusterSite): Promise<void> {
  const preview = { kind: "preview", expiresAt: "2030-01-01T00:00:00Z" };
  const settings = [
    [["environment"], preview],
    [["domain"], "preview.example.com"],
    [["release"], undefined],
    [["delivery"], { strategy: "rolling", bake: "0s" }],
    [["services", "web", "replicas"], 1],
    [["services", "api", "replicas"], 1],
  ].reduce<Config>((all, [path, value]) => changed(all, path as string[], value), site.settings);
  const config = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`${PROJECT}:${key}`, value]),
  );
  await writeFile(join(site.workspace.root, TEMPLATE), stringify({ config }, { lineWidth: 0 }));
}

async function secretsOf(site: ClusterSite): Promise<Record<string, string>> {
  const folder = await site.workspace.folder("preview-tls");
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "crt.pem")];
  const names = ["-subj", "/CN=preview", "-addext", "subjectAltName=DNS:*.preview.example.com"];
  const files = ["-keyout", key, "-out", certificate];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...files, ...names, "-days", "2"];
  succeeded(await run("openssl", args, { cwd: REPOSITORY }));
  return {
    TRISTACK_SECRET_SECRET_KEY: "an-e2e-secret-of-some-length",
    TRISTACK_SECRET_TLS_KEY: await readFile(key, "utf8"),
    TRISTACK_SECRET_TLS_CERTIFICATE: await readFile(certificate, "utf8"),
  };
}
