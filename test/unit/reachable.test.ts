/** What carries a stack, and whether it answers: a cluster and AWS are played by servers of the test's own. */
import assert from "node:assert/strict";
import { type Server, createServer } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backupChecks } from "../../cli/checks-stack.ts";
import type { Engine } from "../../cli/engine.ts";
import { whatCarries } from "../../cli/reachable.ts";
import { withVariables } from "../support/variables.ts";

describe("what carries a stack", () => {
  const folder = mkdtempSync(join(tmpdir(), "tristack-reachable-"));
  let server: Server;
  let answer: { status: number; body: object };
  let address: string;
  before(async () => {
    server = createServer((_, response) => {
      const type = answer.status < 400 ? {} : { "x-amzn-errortype": "AccessDeniedException" };
      response.writeHead(answer.status, { "content-type": "application/json", ...type });
      response.end(JSON.stringify(answer.body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const cluster = { name: "c", cluster: { server: address, "insecure-skip-tls-verify": true } };
    const config = {
      "current-context": "x",
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    };
    const text = JSON.stringify({
      ...config,
      clusters: [cluster],
      users: [{ name: "u", user: { token: "t" } }],
    });
    writeFileSync(join(folder, "kubeconfig"), text);
  });
  after(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const engine = { project: { root: folder }, owner: { project: "shop", stack: "s" } } as unknown as Engine;
  const carried = (config: Record<string, unknown>) =>
    whatCarries(engine, { name: "Pulumi.s.yaml", text: "", config });
  const cluster = { target: "kubernetes", cluster: { kubeconfig: "kubeconfig", context: "x" } };
  const aws = { target: "aws", region: "eu-central-1" };

  it("is Docker on a VPS, and nothing for what is made by its own first update", () => {
    assert.equal(carried({ target: "vps" })?.name, "Docker");
    for (const target of ["host", "cluster", "account"]) assert.equal(carried({ target }), undefined);
  });

  it("is a cluster, which tells its version, or why it does not", async () => {
    answer = { status: 200, body: { gitVersion: "v1.36.2", major: "1", minor: "36" } };
    const { name, where, ask } = carried(cluster) ?? assert.fail();
    assert.deepEqual([name, where, await ask()], ["Cluster", "x", "Kubernetes v1.36.2"]);
    answer = { status: 401, body: { message: "Unauthorized" } };
    await assert.rejects(ask(), /the cluster says no \(401\): Unauthorized/);
  });

  it("is AWS, which answers whoever it knows, and nobody without credentials", async () => {
    const known = { AWS_ENDPOINT_URL: address, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
    const { name, where, ask } = carried(aws) ?? assert.fail();
    assert.deepEqual([name, where], ["AWS", "eu-central-1"]);
    const restore = withVariables(known);
    try {
      answer = { status: 200, body: { Functions: [] } };
      assert.equal(await ask(), "answers in eu-central-1");
      answer = { status: 403, body: { Message: "not you" } };
      assert.equal(await ask(), "answers in eu-central-1");
    } finally {
      restore();
    }
  });

  it("loses nothing of a database that RDS keeps", () => {
    const found = (config: object) =>
      backupChecks({
        name: "f",
        text: "",
        config: { ...aws, environment: { kind: "production" }, ...config },
      }).map(({ state }) => state);
    assert.deepEqual(found({ database: {} }), ["note"]);
    assert.deepEqual(found({ database: {}, backup: {} }), ["ok"]);
    assert.deepEqual(found({}), []);
  });
});
