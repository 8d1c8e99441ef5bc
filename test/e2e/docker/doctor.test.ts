/** What `tristack doctor` says of this machine, held against what is really there. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { PLUGINS, inPulumiHome } from "../../support/e2e-tools.ts";
import { type Ran, ended, succeeded } from "../../support/e2e-command.ts";
import { docker } from "../../support/e2e-engine.ts";
import { Workspace } from "../../support/e2e-workspace.ts";

interface Check {
  readonly name: string;
  readonly state: "ok" | "note" | "missing";
  readonly found: string;
  readonly mend?: string;
}

describe("tristack doctor", () => {
  let site: Workspace;
  let checks: Check[];

  before(async () => {
    site = await Workspace.create("doctor");
    succeeded(await site.run("npm", ["run", "toolchain"], { timeoutSeconds: 5400 }));
    checks = checksOf(succeeded(await site.tristack(["doctor", "--json"])));
  });
  after(() => site?.dispose());

  const found = (name: string) => {
    const check = checks.find((one) => one.name === name);
    assert.ok(check, `no check of ${name} among: ${checks.map((one) => one.name).join(", ")}`);
    return check.found;
  };

  it("says of each plugin whether it was built or downloaded, as its executable tells", async () => {
    for (const { name, version } of PLUGINS) {
      const file = `pulumi-resource-${name}`;
      const official = await contains(
        inPulumiHome("plugins", `resource-${name}-v${version}`, file),
        `path\tgithub.com/pulumi/pulumi-${name}/`,
      );
      assert.match(
        found(file),
        official ? /downloaded/ : /built from Go modules, not Pulumi's release/,
        file,
      );
      assert.ok(found(file).startsWith(version), file);
    }
  });

  it("says where the CLI and the language host come from", () => {
    for (const name of ["Pulumi CLI", "pulumi-language-nodejs"]) {
      assert.match(
        found(name),
        /^3\.259\.0 \((downloaded|built from Go modules, not Pulumi's release: github\.com\/pulumi\/pulumi\/\S+)\)$/,
      );
    }
  });

  it("says of each image whether it is the official one or a stand-in, and which", async () => {
    const tags = (await docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}")).split("\n");
    for (const name of ["nginx", "postgres", "redis", "certbot", "node", "python"]) {
      const text = found(`Image ${name}`);
      const reference = text.split(" ")[0] ?? "";
      assert.ok(tags.includes(reference), `${reference} is there`);
      const standIn = reference.startsWith("tristack.local/");
      assert.equal(/built from packages, a stand-in for/.test(text), standIn, text);
    }
  });

  it("names the engine and its version", async () => {
    assert.ok(found("Docker").startsWith(await docker("version", "--format", "{{.Server.Version}}")));
  });

  it("says the same to people", async () => {
    const { stdout } = succeeded(await site.tristack(["doctor"]));
    for (const { name } of checks) assert.ok(stdout.includes(name), name);
  });

  it("fails where tools are missing, and says what mends it", async () => {
    const ran = ended(
      await site.tristack(["doctor", "--json"], { env: { PULUMI_HOME: join(site.root, "nothing") } }),
      1,
    );
    const gone = checksOf(ran).filter((check) => check.state === "missing");
    assert.deepEqual(
      gone.map((check) => check.name).sort(),
      [
        "Pulumi CLI",
        ...PLUGINS.map(({ name }) => `pulumi-resource-${name}`),
        "pulumi-language-nodejs",
      ].sort(),
    );
    for (const check of gone) assert.match(String(check.mend), /npm run toolchain/);
  });

  it("fails where no engine answers, and names the address", async () => {
    const ran = ended(await site.tristack(["doctor"], { env: { DOCKER_HOST: "unix:///nowhere.sock" } }), 1);
    assert.match(ran.all, /unix:\/\/\/nowhere\.sock/);
    assert.doesNotMatch(ran.all, /^ {4}at /m);
  });
});

function checksOf(ran: Ran): Check[] {
  return JSON.parse(ran.stdout) as Check[];
}

/** Whether a file, which may be large, has a text in it. */
async function contains(file: string, text: string): Promise<boolean> {
  let tail = "";
  for await (const part of createReadStream(file, { encoding: "latin1" })) {
    const window = tail + String(part);
    if (window.includes(text)) return true;
    tail = window.slice(-text.length);
  }
  return false;
}
