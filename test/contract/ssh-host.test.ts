/** The provider of a stack whose host is reached over ssh. */
import assert from "node:assert/strict";
import { homedir } from "node:os";
import { buildGraph, stackFile } from "../support/graph.ts";

const KEY = `ssh-ed25519 ${"A".repeat(68)}`;

async function provider(host: Record<string, unknown>) {
  const over = { release: { version: "v1.0.0" }, secrets: { SECRET_KEY: "x" }, host };
  const config = stackFile("Pulumi.local.yaml.template", over);
  const { resources } = await buildGraph({ stack: "local", config, secretKeys: ["secrets"] });
  const found = resources.find(({ type }) => type === "pulumi:providers:docker");
  assert.ok(found, "no provider");
  return found.inputs;
}

describe("the provider", () => {
  it("of an ssh:// address checks the pinned key, and holds nothing of this machine's own", async () => {
    const docker = "ssh://deploy@203.0.113.10";
    const inputs = await provider({ docker, hostKey: KEY, sshOptions: ["-o", "Port=2222"] });
    const options = JSON.parse(String(inputs.sshOpts)) as string[];
    assert.ok(options.includes("StrictHostKeyChecking=yes") && options.includes("Port=2222"));
    assert.ok(options.some((one) => /^UserKnownHostsFile=~\/\.ssh\/tristack-[0-9a-f]{16}\.key$/.test(one)));
    // They are part of the state: another machine would see a change, and so would another key.
    assert.ok(!JSON.stringify(inputs).includes(KEY));
    assert.ok(!JSON.stringify(inputs).includes(homedir()));
    assert.ok(!JSON.stringify(inputs).includes(process.cwd()));
  });

  it("of a socket has no options for ssh", async () => {
    assert.equal((await provider({ docker: "unix:///var/run/docker.sock" })).sshOpts, undefined);
  });
});
