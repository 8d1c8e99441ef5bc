/** Docker is found as the `docker` command finds it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dockerHost } from "../../components/docker/engine-address.ts";

describe("the Docker Engine", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "docker-config-"));
    for (const [name, host] of [
      ["chosen", "ssh://deploy@chosen.example"],
      ["other", "tcp://other.example:2376"],
    ] as const) {
      const meta = join(folder, "contexts", "meta", createHash("sha256").update(name).digest("hex"));
      mkdirSync(meta, { recursive: true });
      writeFileSync(
        join(meta, "meta.json"),
        JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }),
      );
    }
    writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: "chosen" }));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("is the one of the settings, whatever else is set", () => {
    const env = { DOCKER_HOST: "tcp://env.example:2375", DOCKER_CONFIG: folder };
    assert.equal(dockerHost("ssh://deploy@setting.example", env), "ssh://deploy@setting.example");
  });

  it("is DOCKER_HOST before any context", () => {
    const env = { DOCKER_HOST: "tcp://env.example:2375", DOCKER_CONTEXT: "other", DOCKER_CONFIG: folder };
    assert.equal(dockerHost(undefined, env), "tcp://env.example:2375");
  });

  it("is that of DOCKER_CONTEXT before that of `docker context use`", () => {
    assert.equal(
      dockerHost(undefined, { DOCKER_CONTEXT: "other", DOCKER_CONFIG: folder }),
      "tcp://other.example:2376",
    );
    assert.equal(dockerHost(undefined, { DOCKER_CONFIG: folder }), "ssh://deploy@chosen.example");
  });

  it("is the default socket without any of these, and with the context called default", () => {
    const socket =
      process.platform === "win32" ? "npipe:////./pipe/docker_engine" : "unix:///var/run/docker.sock";
    assert.equal(dockerHost(undefined, { DOCKER_CONFIG: join(folder, "none") }), socket);
    assert.equal(dockerHost(undefined, { DOCKER_CONTEXT: "default", DOCKER_CONFIG: folder }), socket);
  });
});
