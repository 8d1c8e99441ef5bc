/** Certificates by cert-manager, from a real ACME server: pebble. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { NODE_ADDRESS, PORTS } from "../../../toolchain/cluster/layout.ts";
import { ClusterSite, kubectlIn } from "../../support/e2e-cluster.ts";
import { succeeded } from "../../support/e2e-command.ts";
import { makeIssuer, removeIssuer } from "../../support/e2e-issuer.ts";
import { Dns, Pebble } from "../../support/e2e-pebble.ts";
import { until } from "../../support/e2e-until.ts";

const STACK = "certified";
/** The cluster's name service leads every name of `.test` to the router, and pebble's leads every name to this machine. */
const DOMAIN = "certified.test";
const ISSUER = "e2e-pebble";
const PATIENCE_SECONDS = 90;
const cluster = kubectlIn(STACK);

interface Condition {
  readonly type: string;
  readonly status: string;
}

describe("certificates on a cluster", () => {
  let site: ClusterSite;
  let dns: Dns;
  let pebble: Pebble;

  before(async () => {
    site = await ClusterSite.create({
      stack: STACK,
      extras: ["certificates"],
      settings: { domain: DOMAIN, certificates: { issuer: "cert-manager", clusterIssuer: ISSUER } },
    });
    dns = await Dns.start();
    const folder = await site.workspace.folder("pebble");
    pebble = await Pebble.start({ folder, address: NODE_ADDRESS, httpPort: PORTS.http, dns });
    await makeIssuer(ISSUER, pebble);
  });
  after(async () => {
    await removeIssuer(ISSUER);
    await site?.dispose();
    await pebble?.stop();
    await dns?.stop();
  });

  /** What visitors are shown, once it is pebble's. */
  const shown = async (name = DOMAIN) => {
    const socket = connect({
      host: "127.0.0.1",
      port: PORTS.https,
      servername: name,
      ca: await pebble.root(),
    });
    await once(socket, "secureConnect");
    const { serialNumber, subjectaltname } = socket.getPeerCertificate();
    socket.destroy();
    return { serialNumber, subjectaltname };
  };
  const ask = (host: string, path: string) => site.ask(path, { headers: { host } });

  it("come by themselves after one `pulumi up`, through the router and the policies", async () => {
    const began = Date.now();
    const ran = succeeded(await site.up());
    await until(PATIENCE_SECONDS, "the site has its certificate", async () => Boolean(await shown()));
    console.log(`      up ${ran.seconds.toFixed(1)} s, certificate after ${(Date.now() - began) / 1000} s`);
    const names = (await shown()).subjectaltname?.split(", ").sort();
    assert.deepEqual(names, [`DNS:${DOMAIN}`, `DNS:www.${DOMAIN}`]);
    assert.equal((await ask(DOMAIN, "/api/items")).status, 200);
    const moved = await ask(`www.${DOMAIN}`, "/x");
    assert.deepEqual([moved.status, moved.headers.location], [301, `https://${DOMAIN}:${PORTS.https}/x`]);
    await shown(`www.${DOMAIN}`);
  });

  it("are told of by the status", async () => {
    const ran = succeeded(await site.workspace.tristack(["status", STACK, "--json"]));
    const { status } = JSON.parse(ran.stdout) as { status: { certificate: { serial: string } } };
    assert.partialDeepStrictEqual(status.certificate, { passed: true, reason: null });
    assert.equal(status.certificate.serial, (await shown()).serialNumber);
  });

  it("leave nothing to change, and nothing of the issuer's questions behind", async () => {
    succeeded(await site.preview("--refresh"));
    await until(PATIENCE_SECONDS, "pods and routes that answered are gone", async () => {
      const left = await cluster(
        "get",
        "pods,httproutes",
        "--selector=acme.cert-manager.io/http01-solver",
        "-o=name",
      );
      return left === "";
    });
  });

  it("are renewed while requests come in, and none of them fails", async () => {
    const { serialNumber } = await shown();
    const statuses: number[] = [];
    let asking = true;
    const visitors = Array.from({ length: 6 }, async () => {
      while (asking) {
        statuses.push((await ask(DOMAIN, "/api/items")).status);
        await sleep(50);
      }
    });
    try {
      await renew();
      await until(
        PATIENCE_SECONDS,
        "there is another",
        async () => (await shown()).serialNumber !== serialNumber,
      );
      await sleep(2000);
    } finally {
      asking = false;
    }
    await Promise.all(visitors);
    console.log(`      ${statuses.length} requests`);
    assert.ok(statuses.length > 100);
    assert.deepEqual(new Set(statuses), new Set([200]));
  });

  it("stay while the issuer cannot be spoken with, and come when it is back", async () => {
    const { serialNumber } = await shown();
    pebble.door.mode = "error";
    await renew();
    await until(PATIENCE_SECONDS, "it was asked in vain", () => Promise.resolve(pebble.door.turnedAway > 0));
    assert.equal((await shown()).serialNumber, serialNumber);
    assert.equal((await ask(DOMAIN, "/api/items")).status, 200);
    pebble.door.mode = "open";
    await until(
      PATIENCE_SECONDS,
      "there is another",
      async () => (await shown()).serialNumber !== serialNumber,
    );
  });

  async function conditions(): Promise<Condition[]> {
    const text = await cluster("get", "certificate", "site-tls", "-o=json");
    return (JSON.parse(text) as { status: { conditions: Condition[] } }).status.conditions;
  }

  /** What `cmctl renew` does. */
  async function renew(): Promise<void> {
    // A renewal that is not over for cert-manager yet would take the condition away again with its own.
    await until(PATIENCE_SECONDS, "the last renewal is over", async () =>
      (await conditions()).every((one) => one.type !== "Issuing" || one.status !== "True"),
    );
    const condition = {
      type: "Issuing",
      status: "True",
      reason: "ManuallyTriggered",
      message: "by the test",
      lastTransitionTime: new Date().toISOString(),
    };
    const others = (await conditions()).filter(({ type }) => type !== "Issuing");
    const patch = JSON.stringify({ status: { conditions: [...others, condition] } });
    await cluster(
      "patch",
      "certificate",
      "site-tls",
      "--subresource=status",
      "--type=merge",
      "--patch",
      patch,
    );
  }
});
