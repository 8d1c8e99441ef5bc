/** Docker's API by the docker command's own tunnel; the command is a stand-in that answers as the API does. */
import assert from "node:assert/strict";
import { Docker } from "../../cli/docker.ts";
import { askApi } from "../../cli/docker-api.ts";
import { memoryInUse } from "../../cli/preflight.ts";
import { type DockerStandIn, dockerStandIn } from "../support/docker-stand-in.ts";

const ANSWERS = {
  "/containers/a1/stats?stream=false&one-shot=true": { memory_stats: { usage: 30 * 2 ** 20 } },
  "/containers/a2/stats?stream=false&one-shot=true": { memory_stats: { usage: 50 * 2 ** 20 } },
};

/** `docker ps` lists three containers, of which one has ended since; `docker system dial-stdio` is one connection. */
const STAND_IN = `#!/usr/bin/env node
const [word] = process.argv.slice(2);
if (word === "ps") {
  console.log("a1 api\\na2 api\\na3 web\\nb1 ");
  process.exit();
}
process.stdin.once("data", (head) => {
  const [, path] = /^GET (\\S+) HTTP/.exec(head.toString()) ?? [];
  const answer = ${JSON.stringify(ANSWERS)}[path];
  const body = JSON.stringify(answer ?? { message: "no such container" });
  const status = answer ? "200 OK" : "404 Not Found";
  process.stdout.write(["HTTP/1.1 " + status, "Content-Length: " + body.length, "", body].join("\\r\\n"));
});
`;

describe("Docker's API", () => {
  let docker: DockerStandIn;
  afterEach(() => docker.remove());

  it("answers through the docker command", async () => {
    docker = dockerStandIn(STAND_IN);
    const [known] = Object.keys(ANSWERS);
    assert.deepEqual(await askApi(new Docker(), known ?? ""), { memory_stats: { usage: 30 * 2 ** 20 } });
    assert.equal(await askApi(new Docker(), "/containers/none/stats"), undefined);
  });

  it("is no answer where the tunnel is none", async () => {
    docker = dockerStandIn("#!/bin/sh\necho no such command >&2\nexit 1\n");
    assert.equal(await askApi(new Docker(), "/containers/a1/stats"), undefined);
  });

  it("tells the most that a container of each service uses", async () => {
    docker = dockerStandIn(STAND_IN);
    assert.deepEqual(await memoryInUse(new Docker(), { project: "shop", stack: "local" }), {
      api: 50,
      web: 0,
    });
  });
});
