/** What can be reached of a machine whose Docker publishes more than it should, and what keeps it so. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { type Machine, reach } from "../../../support/e2e-machine.ts";

export interface FirewallContext {
  readonly machine: Machine;
  /** An image that the machine's Docker has; it has perl. */
  readonly image: string;
  prepare(): Promise<{ changes: unknown[] }>;
}

/** Says `here` to whoever connects. */
const SERVER = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 3000, Listen => 5, ReuseAddr => 1); while (my $c = $s->accept) { print $c "here\\n"; close $c }`;
const CONTAINER = "10.250.7.2";
const NETWORK = "10.250.7.0/24";

/** By IPv4 and by IPv6, at each port; and past what is published, by a route to the container itself. */
const CLOSED = {
  22: "open open",
  80: "open open",
  443: "open open",
  5432: "silent silent",
  9999: "silent silent",
  past: "silent",
};

export function firewall(given: () => FirewallContext): void {
  let machine: Machine;

  before(async () => {
    const { image } = given();
    machine = given().machine;
    await machine.sh(`docker network create --subnet ${NETWORK} app`);
    const options = `--restart unless-stopped --network app --ip ${CONTAINER} -p 80:3000 -p 443:3000 -p 5432:3000`;
    await machine.sh(`docker run --detach --name server ${options} ${image} perl -e '${SERVER}'`);
  });

  async function outside() {
    const { address, address6 } = machine;
    const at = async (port: number) => `${await reach(address, port)} ${await reach(address6, port)}`;
    const ways = { 22: await at(22), 80: await at(80), 443: await at(443), 5432: await at(5432) };
    const nobody = await at(9999);
    await execa("ip", ["route", "replace", NETWORK, "via", address]);
    const past = await reach(CONTAINER, 3000);
    await execa("ip", ["route", "del", NETWORK]);
    return { ...ways, 9999: nobody, past };
  }

  it("is reached at 22, 80 and 443 alone, although Docker publishes another", async () => {
    await up();
    assert.deepEqual(await outside(), CLOSED);
    // What it is that closes them.
    await machine.sh("nft delete table inet tristack");
    const open = { ...CLOSED, 5432: "open open", 9999: "closed closed", past: "open" };
    assert.deepEqual(await outside(), open);
    assert.deepEqual((await given().prepare()).changes, [{ step: "Firewall", what: "rules in force" }]);
    assert.deepEqual(await outside(), CLOSED);
  });

  it("lets containers out, and to each other", async () => {
    const inside = (command: string) =>
      machine.sh(`docker run --rm --network app ${given().image} sh -c '${command}'`);
    const ask = (to: string, port: number) =>
      inside(
        `perl -MIO::Socket::INET -e "print IO::Socket::INET->new(PeerAddr => q(${to}), PeerPort => ${port}, Timeout => 3)->getline"`,
      );
    assert.equal(await ask(CONTAINER, 3000), "here");
    assert.equal(await ask(machine.address, 443), "here");
    assert.match(await inside("apt-get update 2>&1 | tail -n 1"), /Reading package lists/);
  });

  it("stays so when Docker restarts, while containers run on", async () => {
    const started = () => machine.sh("docker inspect --format '{{.State.StartedAt}}' server");
    const before = await started();
    await machine.sh("systemctl restart docker");
    assert.deepEqual(await outside(), CLOSED);
    assert.equal(await started(), before, "live-restore");
  });

  it("stays so when somebody else's rules are loaded anew", async () => {
    // These begin by taking all others away, Docker's too.
    await machine.sh("systemctl restart nftables");
    await machine.sh("systemctl restart docker");
    assert.deepEqual(await outside(), CLOSED);
  });

  it("stays so after a reboot", async () => {
    await machine.reboot();
    await up();
    assert.deepEqual(await outside(), CLOSED);
    assert.deepEqual((await given().prepare()).changes, []);
  });

  /** Waits for the container, which takes a moment. */
  async function up(): Promise<void> {
    for (let tries = 0; (await reach(machine.address, 443)) !== "open"; tries += 1) {
      if (tries > 60) throw new Error("the container does not answer at 443");
      await sleep(500);
    }
  }
}
