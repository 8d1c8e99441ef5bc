/** What is heard of crashes while a release is brought; the docker command is a stand-in. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { LABEL } from "../../components/shared/labels.ts";
import { type Crash, watchForCrash } from "../../cli/crash-watch.ts";
import { Docker } from "../../cli/docker.ts";

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
  const path = process.env.PATH;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "crash-watch-"));
    process.env.PATH = [folder, path].join(delimiter);
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });

  /** @param events what `docker events` does, in shell */
  const standIn = (events: string) => {
    const script = `#!/bin/sh
case "$1" in
events) ${events} ;;
ps) echo asked >> ${folder}/asked; echo a1 ;;
inspect) echo '${JSON.stringify([CRASHED])}' ;;
logs) echo "no module named app" ;;
esac
`;
    writeFileSync(join(folder, "docker"), script);
    chmodSync(join(folder, "docker"), 0o755);
  };
  const watch = async (seconds: number) => {
    const told: Crash[] = [];
    const ended = AbortSignal.timeout(seconds * 1000);
    const crash = await watchForCrash(new Docker(), OWNER, new Set(), ended, (one) => {
      told.push(one);
      return Promise.resolve();
    });
    assert.deepEqual(told, crash ? [crash] : []);
    return { crash, asked: existsSync(join(folder, "asked")) };
  };

  it("asks nothing while containers start that had not been started before", async () => {
    standIn("echo a1; echo b2; exec sleep 30");
    assert.deepEqual(await watch(1), { crash: undefined, asked: false });
  });

  it("tells of a container that is started again and again", async () => {
    standIn("echo a1; echo b2; echo a1; exec sleep 30");
    const { crash } = await watch(20);
    assert.equal(crash?.reason, "shop-api was restarted 2 times, exit code 3");
    assert.equal(crash.log, "no module named app");
  });

  it("looks for what a Docker that went away has not told", async () => {
    standIn("exit 1");
    const { crash } = await watch(20);
    assert.equal(crash?.service, "api");
    assert.equal(readFileSync(join(folder, "asked"), "utf8"), "asked\n");
  });
});
