/** What a machine is given, looked at by the tools that know: cloud-init itself, and ShellCheck. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cloudInit } from "../../../components/docker/host/cloud-init.ts";
import { type HostScriptArgs, hostScript } from "../../../components/docker/host/script.ts";
import { REPOSITORY, ended, run, succeeded } from "../../support/e2e-command.ts";
import { machineImage } from "../../support/e2e-machine.ts";

const ARGS: HostScriptArgs = {
  ...{ user: "deploy", docker: "docker", swap: "1GiB", ports: [], reboot: false },
  publicKeys: [`ssh-ed25519 ${"A".repeat(68)} e2e`],
  proxyPorts: [80, 443],
};

describe("what a machine is given", () => {
  const userData = cloudInit(ARGS);

  async function inTools(text: string, script: string) {
    const image = await machineImage("tools.Dockerfile");
    return run(
      "docker",
      ["run", "--rm", "--interactive", image, "sh", "-c", `cat > /tmp/file && ${script}`],
      { cwd: REPOSITORY, input: text },
    );
  }
  const schema = (text: string) =>
    inTools(text, "cloud-init --version && cloud-init schema --config-file /tmp/file");

  it("by cloud-init passes cloud-init's own check, which fails what is wrong", async () => {
    const { all } = succeeded(await schema(userData));
    console.log(`      ${all.trim().split("\n")[0] ?? ""}`);
    const broken = await schema(
      userData
        .replace("write_files:", "write_file:\n  x: 1\nruncmd: 7\nwrite_files:")
        .replace(/\nruncmd:\n[^]*$/, "\n"),
    );
    assert.notEqual(broken.exitCode, 0);
    assert.match(broken.all, /Invalid cloud-config|Cloud config schema errors/);
  });

  it("by hand is a script that ShellCheck finds nothing in, and so is the disk watch", async () => {
    const check =
      "shellcheck --version | sed -n 's/^version: /ShellCheck /p' && shellcheck --shell=dash /tmp/file";
    console.log(`      ${succeeded(await inTools(hostScript(ARGS), check)).stdout.trim()}`);
    succeeded(
      await inTools(await readFile(join(REPOSITORY, "components/docker/host/disk-watch.sh"), "utf8"), check),
    );
    assert.match(ended(await inTools("#!/bin/sh\nrm $1/*\n", check), 1).stdout, /SC2086/);
  });
});
