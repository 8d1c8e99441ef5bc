/** Whose share of the processor a release makes smaller, and when they have it back; the docker command is a stand-in. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Docker, type OwnedContainer } from "../../cli/docker.ts";
import { steppingAside } from "../../cli/step-aside.ts";
import { type DockerStandIn, dockerStandIn } from "../support/docker-stand-in.ts";

const container = (id: string, more: Partial<OwnedContainer>): OwnedContainer => ({
  ...{ id, name: id, running: true, oneShot: false, ports: [] },
  ...more,
});
const CONTAINERS = [
  container("web-0", { service: "web" }),
  container("api-0", { service: "api" }),
  container("postgres", {}),
  container("secrets", { service: "api", running: false, oneShot: true }),
  container("stopped", { service: "api", running: false }),
];
const listed = () => Promise.resolve(CONTAINERS);
const LOWERED = "update --cpu-shares 256 web-0 api-0";
const AS_BEFORE = "update --cpu-shares 1024 web-0 api-0";

describe("containers that serve while others start", () => {
  let docker: DockerStandIn;
  afterEach(() => docker.remove());

  const standIn = (exitCode: number) => {
    docker = dockerStandIn(`#!/bin/sh\necho "$@" >> "$(dirname "$0")/said"\nexit ${exitCode}\n`);
  };
  const said = () => {
    const file = join(docker.folder, "said");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  };

  it("have less of the processor while the work goes on, and their own share after it; nothing else is touched", async () => {
    standIn(0);
    const during = await steppingAside(new Docker(), listed(), async () => {
      while (said().length === 0) await sleep(10);
      return said();
    });
    assert.deepEqual(during, [LOWERED]);
    assert.deepEqual(said(), [LOWERED, AS_BEFORE]);
  });

  it("have it back when the work fails, which is what fails", async () => {
    standIn(0);
    const broken = steppingAside(new Docker(), listed(), () => Promise.reject(new Error("not healthy")));
    await assert.rejects(broken, /not healthy/);
    assert.deepEqual(said(), [LOWERED, AS_BEFORE]);
  });

  it("stop no release where Docker will not change them, as those that are gone by then", async () => {
    standIn(1);
    assert.equal(await steppingAside(new Docker(), listed(), () => Promise.resolve("released")), "released");
  });

  it("stop no release where Docker does not list them", async () => {
    standIn(0);
    const unlisted = Promise.reject<OwnedContainer[]>(new Error("no answer"));
    assert.equal(await steppingAside(new Docker(), unlisted, () => Promise.resolve("released")), "released");
    assert.deepEqual(said(), []);
  });

  it("are not asked for where there are none", async () => {
    standIn(0);
    await steppingAside(new Docker(), Promise.resolve([container("postgres", {})]), () => Promise.resolve());
    assert.deepEqual(said(), []);
  });
});
