/** The probe's thread, at a site that is not there. That it counts the answers of one that is, test/e2e/docker/releases shows. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Probe } from "../../cli/probe.ts";
import { freePort } from "../support/free-port.ts";

/** Longer than the pause between two requests of a client. */
const TWO_TURNS_MS = 400;

/** A probe whose thread has started. */
async function begun(url: string): Promise<Probe> {
  const probe = new Probe([url], false);
  while (probe.report().requests === 0) await sleep(10);
  return probe;
}

describe("the probe", () => {
  it("tells in words of requests that were not answered, and ends", async () => {
    const url = `https://127.0.0.1:${await freePort()}/health`;
    const probe = await begun(url);
    const between = Date.now();
    await sleep(TWO_TURNS_MS);
    const report = await probe.stop();
    assert.ok(report.requests >= 5, `${report.requests} requests`);
    assert.equal(report.failed, report.requests);
    assert.match(report.failures[0] ?? "", /^GET https:.*\/health: .*ECONNREFUSED/);
    assert.equal(report.failures.length, 5, "the first of them");
    const later = probe.report(between);
    assert.ok(later.requests > 0 && later.requests < report.requests, "those since then alone");
    const { requests } = report;
    await sleep(TWO_TURNS_MS);
    assert.equal(probe.report().requests, requests, "nobody asks any more");
  });

  it("asks nothing where there is nothing to ask", async () => {
    assert.equal((await new Probe([], false).stop()).requests, 0);
  });

  it("goes on while this thread is busy", async () => {
    const probe = await begun(`https://127.0.0.1:${await freePort()}/`);
    const before = probe.report().requests;
    const end = Date.now() + 2 * TWO_TURNS_MS;
    while (Date.now() < end);
    const { requests } = await probe.stop();
    const during = requests - before - probe.report(end).requests;
    assert.ok(during >= 3, `${during} requests until this thread was free again`);
  });
});
