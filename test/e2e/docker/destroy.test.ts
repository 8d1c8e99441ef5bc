/** What `tristack destroy` removes, and what it refuses to. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { containers, docker, keepBuildCache, leftovers } from "../../support/e2e-engine.ts";
import { freePort } from "../../support/free-port.ts";
import { Settings, type Workspace, started } from "../../support/e2e-workspace.ts";
import { parseDocument } from "yaml";

const BY_HAND = "tristack-e2e-by-hand";

describe("tristack destroy", () => {
  let site: Workspace;
  let guarded: string[];
  /** Volumes of other people's stacks, which may be called local too. */
  let others: string[];

  before(async () => {
    others = await volumesOfLocal();
    site = await started("destroy");
    await makeProtected(site);
    guarded = await everything("guarded");
    assert.ok(guarded.length > 12, "the protected stack is there");
  });
  after(() => site?.dispose());

  const refuses = async (reason: RegExp) => {
    const ran = ended(await site.tristack(["destroy", "guarded", "--yes"]), 2);
    assert.match(ran.all, reason);
    assert.doesNotMatch(ran.all, /^ {4}at /m);
    assert.deepEqual(await everything("guarded"), guarded);
  };

  it("refuses a protected stack with exit code 2 and removes nothing", () =>
    refuses(/protected.*production/));

  it("refuses it as well when its settings say something else meanwhile", async () => {
    const file = join(site.root, "Pulumi.guarded.yaml");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("kind: production", "kind: local"));
    await refuses(/protected.*production/);
    await writeFile(file, text);
  });

  it("needs --yes where nobody can be asked", async () => {
    const before = await everything("local");
    ended(await site.tristack(["destroy", "local"]), 2);
    assert.deepEqual(await everything("local"), before);
  });

  it("leaves plain pulumi destroy of a protected stack to fail before it removes anything", async () => {
    const ran = await site.pulumi(["destroy", "--stack", "guarded", "--yes"]);
    assert.notEqual(ran.exitCode, 0);
    assert.match(ran.all, /protect/);
    assert.deepEqual(await everything("guarded"), guarded);
  });

  it("is not about a container that somebody made of the same image, nor is an update", async () => {
    const image = (await leftovers("local")).images.find((name) => !name.includes("<none>")) ?? "";
    // It inherits the image's labels.
    await docker("run", "--detach", "--name", BY_HAND, "--entrypoint", "sleep", image, "1000");
    try {
      succeeded(await site.start(["--no-build"]));
      assert.ok(!succeeded(await site.tristack(["status", "local"])).stdout.includes(BY_HAND));
      assert.equal(await docker("inspect", "--format", "{{.State.Status}}", BY_HAND), "running");
    } finally {
      await docker("rm", "--force", BY_HAND);
    }
  });

  it("leaves no container, network, volume or labelled image of the stack behind", async () => {
    await keepBuildCache();
    const ran = succeeded(await site.tristack(["destroy", "local", "--yes"]));
    console.log(`      tristack destroy ${ran.seconds.toFixed(1)} s`);
    assert.deepEqual(await leftovers("local"), { containers: [], networks: [], volumes: [], images: [] });
    assert.deepEqual(await volumesOfLocal(), others);
  });

  it("leaves neither the stack in the backend nor its settings", async () => {
    const { stdout } = succeeded(await site.pulumi(["stack", "ls", "--json"]));
    assert.deepEqual(
      (JSON.parse(stdout) as { name: string }[]).map((stack) => stack.name),
      ["guarded"],
    );
    assert.ok(!existsSync(join(site.root, "Pulumi.local.yaml")));
  });

  it("touches no other stack", async () => {
    const now = await everything("guarded");
    assert.deepEqual(now, guarded);
  });

  it("says with exit code 2 that there is nothing to destroy", async () => {
    const ran = ended(await site.tristack(["destroy", "local", "--yes"]), 2);
    assert.match(ran.all, /local/);
  });
});

/** Names of all that a stack has in Docker, and the ids of its containers. */
async function everything(stack: string): Promise<string[]> {
  const names = Object.values(await leftovers(stack)).flat();
  return [...names, ...(await containers(stack)).map((one) => one.Id)].sort();
}

/**
 * A production stack on this machine's Docker; its issuer cannot be reached. Its one service is a file server of the
 * Python that the sample is built on: an image that it shared with the local stack could not be removed with that.
 */
async function makeProtected(site: Workspace): Promise<void> {
  const checks = JSON.parse((await site.tristack(["doctor", "--json"])).stdout) as {
    name: string;
    found: string;
  }[];
  const python = checks.find(({ name }) => name === "Image python")?.found.split(" ")[0] ?? "";
  await docker("tag", python, "tristack-e2e-cache/files:v1");
  const document = parseDocument(await readFile(join(site.root, "Pulumi.local.yaml"), "utf8"));
  document.delete("encryptionsalt");
  const settings = new Settings(document);
  settings.set(["environment"], { kind: "production" });
  settings.set(["domain"], "shop.example.com");
  settings.set(["certificates"], {
    issuer: "letsencrypt",
    email: "ops@example.com",
    server: "https://127.0.0.1:1/directory",
  });
  settings.set(["proxy"], { httpPort: await freePort(), httpsPort: await freePort() });
  settings.set(["release"], { version: "v1" });
  settings.set(["secrets"], undefined);
  settings.set(["services"], {
    files: {
      image: "tristack-e2e-cache/files",
      command: ["python", "-m", "http.server", "8000", "--directory", "/tmp"],
      port: 8000,
      routes: ["/"],
      replicas: 1,
      drain: "1s",
      health: { path: "/" },
      secrets: ["TOKEN"],
    },
  });
  await writeFile(join(site.root, "Pulumi.guarded.yaml"), document.toString({ lineWidth: 0 }));
  const secret = { TRISTACK_SECRET_TOKEN: "0123456789abcdef0123456789abcdef" };
  succeeded(await site.tristack(["init", "guarded", "--yes"], { env: secret }));
  succeeded(await site.pulumi(["up", "--stack", "guarded", "--yes", "--skip-preview"]));
}

/** Those that are called like the stack's, labelled or not. */
async function volumesOfLocal(): Promise<string[]> {
  const names = (await docker("volume", "ls", "--format", "{{.Name}}")).split("\n");
  return names.filter((name) => /^(tristack-e2e-)?local-/.test(name)).sort();
}
