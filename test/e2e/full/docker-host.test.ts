/** Docker is found as the docker command finds it: by DOCKER_HOST, by a context, and where the settings say. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { containers } from "../../support/e2e-engine.ts";
import { EngineDoor } from "../../support/e2e-engine-door.ts";
import { Workspace } from "../../support/e2e-workspace.ts";

describe("Docker reached another way", () => {
  let site: Workspace;
  let ids: string[];

  before(async () => {
    site = await Workspace.create("docker-host");
  });
  after(() => site?.dispose());

  const idsNow = async () => (await containers()).map((one) => one.Id).sort();

  it("by DOCKER_HOST: the whole start goes through it", async () => {
    const door = await EngineDoor.open(join(await site.folder("by-variable"), "docker.sock"));
    try {
      succeeded(await site.start([], { env: { DOCKER_HOST: door.url } }));
      assert.ok(door.created >= 8, `${door.created} containers were created through it`);
    } finally {
      await door.close();
    }
    ids = await idsNow();
    assert.equal((await site.ask("/api/items")).status, 200);
  });

  it("by a context: an update keeps every container", async () => {
    const door = await EngineDoor.open(join(await site.folder("by-context"), "docker.sock"));
    const env = { DOCKER_CONFIG: await site.folder("docker-config") };
    try {
      succeeded(
        await site.run("docker", ["context", "create", "elsewhere", "--docker", `host=${door.url}`], { env }),
      );
      succeeded(await site.run("docker", ["context", "use", "elsewhere"], { env }));
      succeeded(await site.start(["--no-build"], { env }));
      const { connections } = door;
      assert.ok(connections > 0, "the engine was asked through the context");
      // Where nothing changes, only a refresh makes the plugin ask the engine.
      succeeded(await site.pulumi(["refresh", "--stack", "local", "--yes"], { env }));
      assert.ok(door.connections > connections, "by Pulumi's plugin too");
    } finally {
      await door.close();
    }
    assert.deepEqual(await idsNow(), ids);
  });

  it("by the settings, which count more than DOCKER_HOST", async () => {
    const door = await EngineDoor.open(join(await site.folder("by-setting"), "docker.sock"));
    try {
      await site.change((settings) => settings.set(["host"], { docker: door.url }));
      const env = { DOCKER_HOST: "unix:///nowhere.sock" };
      succeeded(await site.pulumi(["up", "--stack", "local", "--yes", "--skip-preview"], { env }));
      succeeded(await site.pulumi(["refresh", "--stack", "local", "--yes"], { env }));
      assert.ok(door.connections > 0, "Pulumi's plugin came through it");
      assert.deepEqual(await idsNow(), ids);
    } finally {
      await door.close();
      await site.change((settings) => settings.set(["host"], undefined));
    }
  });

  it("to an engine that is not there: one sentence with the address", async () => {
    const ran = ended(
      await site.tristack(["destroy", "local", "--yes"], { env: { DOCKER_HOST: "unix:///nowhere.sock" } }),
      1,
    );
    assert.match(ran.all, /unix:\/\/\/nowhere\.sock/);
    assert.doesNotMatch(ran.all, /^ {4}at /m);
    assert.deepEqual(await idsNow(), ids);
  });
});
