/** What is heard of crashes while a release is brought; the docker command is a stand-in. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LABEL } from "../../components/shared/labels.ts";
import { type Crash, watchForCrash } from "../../cli/crash-watch.ts";
import { Docker } from "../../cli/docker.ts";
import { type DockerStandIn, dockerStandIn } from "../support/docker-stand-in.ts";

const OWNER = { project: "shop", stack: "local" };
const CRASHED = {
  Id: "a1",
  Name: "/shop-api",
  RestartCount: 2,
  State: { Running: false, ExitCode: 3, OOMKilled: false },
  HostConfig: { RestartPolicy: { Name: "unless-stopped" } },
  NetworkSettings: {},
  Config: { Image: "api", Labels: { [LABEL.service]: "api" } },
};

describe("a watch for crashes", () => {
  let docker: DockerStandIn;
  afterEach(() => docker.remove());

  /** @param events what `docker events` does, in shell */
  const standIn = (events: string) => {
    docker = dockerStandIn(`#!/bin/sh
case "$1" in
events) ${events} ;;
ps) echo asked >> "$(dirname "$0")/asked"; echo a1 ;;
inspect) echo '${JSON.stringify([CRASHED])}' ;;
logs) echo "no module named app" ;;
esac
`);
  };
  const watch = async (seconds: number) => {
    const told: Crash[] = [];
    const ended = AbortSignal.timeout(seconds * 1000);
    const known = Promise.resolve(new Set<string>());
    const tell = (one: Crash) => Promise.resolve(void told.push(one));
    const crash = await watchForCrash(new Docker(), OWNER, known, ended, tell, () => undefined);
    assert.deepEqual(told, crash ? [crash] : []);
    return { crash, asked: existsSync(join(docker.folder, "asked")) };
  };

  it("asks nothing while containers start that had not been started before", async () => {
    standIn("echo a1 shop-api api 100; echo b2 shop-web web 101; exec sleep 30");
    assert.deepEqual(await watch(1), { crash: undefined, asked: false });
  });

  it("tells of a container that is started again and again", async () => {
    standIn("echo a1 shop-api api 100; echo b2 shop-web web 101; echo a1 shop-api api 102; exec sleep 30");
    const { crash } = await watch(20);
    assert.equal(crash?.reason, "shop-api was restarted 2 times, exit code 3");
    assert.equal(crash.log, "no module named app");
  });

  it("looks for what a Docker that went away has not told", async () => {
    standIn("exit 1");
    const { crash } = await watch(20);
    assert.equal(crash?.service, "api");
    assert.equal(readFileSync(join(docker.folder, "asked"), "utf8"), "asked\n");
  });
});
