/** The disk watch on a Docker Engine with releases, strays and data: what it removes, and what it never does. */
import assert from "node:assert/strict";
import { type Entry, imagesToRemove, withEntry } from "../../../../cli/ledger.ts";
import { type Ran, succeeded } from "../../../support/e2e-command.ts";
import type { Machine } from "../../../support/e2e-machine.ts";

const WATCH = "/usr/local/lib/tristack/disk-watch";
const DAY_AGO = "2026-01-01T00:00:00Z";

export function diskWatch(given: () => { machine: Machine; image: string }): void {
  let machine: Machine;
  let ledger: Entry[] = [];
  /** Image without a name that one of the last five releases runs, and one that none does. */
  let kept: string;
  let stray: string;

  before(async () => {
    machine = given().machine;
    await machine.sh("mkdir -p /root/layers");
    for (const version of [1, 2, 3, 4, 5, 6, 7]) await makeImage(`shop/web:v${version}`);
    kept = await makeImage("");
    stray = await makeImage("");
    // v8 runs from the image without a name; a release that failed does not count.
    ledger = [1, 2, 3, 4, 5, 6, 7].reduce<Entry[]>(
      (all, version) => withEntry(all, entry(`v${version}`, `shop/web:v${version}`)),
      [],
    );
    ledger = withEntry(withEntry(ledger, entry("v8", kept)), {
      ...entry("bad", "shop/web:v1"),
      passed: false,
    });
    await writeLedger("shop-production-records", ledger);
    // Another stack has one of them among its own.
    await writeLedger("other-records", [entry("v1", "shop/web:v1")]);
    await machine.sh("docker volume create --label dev.tristack.resource=alarms shop-production-alarms");
    await machine.sh(
      "docker volume create shop-production-data && echo precious > $(docker volume inspect --format '{{.Mountpoint}}' shop-production-data)/file",
    );
    await leftovers();
    await machine.sh(
      "printf 'FROM shop/web:v7\\nCOPY layer /x\\n' > /root/layers/Dockerfile && cd /root/layers && DOCKER_BUILDKIT=1 docker build --quiet --tag built . && docker image rm built",
    );
  });

  /** @returns its id. Nothing is in it but some bytes of its own. */
  async function makeImage(name: string): Promise<string> {
    return machine.sh(
      `head -c 100000 /dev/urandom > /root/layers/layer && tar -C /root/layers -c layer | docker import - ${name}`,
    );
  }

  function entry(id: string, image: string): Entry {
    return {
      ...{ id, version: id, commit: null, digests: {}, images: { web: image, api: image }, schema: null },
      settings: { services: {}, proxy: { bodyLimit: "1MiB", timeout: "60s" } },
      ...{ at: DAY_AGO, by: "e2e", kind: "deploy", passed: true, reason: null },
    };
  }

  async function writeLedger(volume: string, entries: readonly Entry[]): Promise<void> {
    await machine.sh(`docker volume create --label dev.tristack.resource=records ${volume}`);
    const folder = await machine.sh(`docker volume inspect --format '{{.Mountpoint}}' ${volume}`);
    await machine.write(`${folder}/releases.json`, JSON.stringify(entries));
  }

  /** Containers that ended long ago, which only Docker's own files can be made to say. */
  async function leftovers(): Promise<void> {
    const { image } = given();
    const make = (name: string, options = "") => `docker run --name ${name} ${options} ${image} true`;
    await machine.sh(
      [
        make("forgotten"),
        make("of-a-stack", "--label dev.tristack.project=shop"),
        make("of-compose", "--label com.docker.compose.project=blog"),
        make("ended-now"),
        `docker run --detach --restart unless-stopped --name stopped-by-hand ${image} sleep 1000 && docker stop --time 0 stopped-by-hand`,
      ].join(" && "),
    );
    const old = ["forgotten", "of-a-stack", "of-compose", "stopped-by-hand"];
    await machine.sh(
      `ids=$(docker inspect --format '{{.Id}}' ${old.join(" ")}); systemctl stop docker.socket docker; ` +
        `for id in $ids; do sed -i 's/"FinishedAt":"[^"]*"/"FinishedAt":"${DAY_AGO}"/' /var/lib/docker/containers/$id/config.v2.json; done; systemctl start docker`,
    );
  }

  const watch = (variables: string) => machine.run("sh", "-c", `${variables} ${WATCH}`);
  const removedBy = (ran: Ran) =>
    [...succeeded(ran).stdout.matchAll(/^removed the (?:image|container) ([^\s,]+)/gm)].map(
      ([, name]) => name,
    );
  const images = async () =>
    (await machine.sh("docker image ls --all --quiet --no-trunc | sort -u")).split("\n");
  const names = async () => (await machine.sh("docker ps --all --format '{{.Names}}' | sort")).split("\n");
  const alarms = () =>
    machine.sh(
      "cd $(docker volume inspect --format '{{.Mountpoint}}' shop-production-alarms) && for f in *.txt; do [ -f $f ] && cat $f; done; true",
    );

  it("runs every ten minutes", async () => {
    assert.match(
      await machine.sh("systemctl list-timers --all tristack-disk-watch.timer"),
      /tristack-disk-watch\.service/,
    );
    await machine.sh("systemctl start tristack-disk-watch.service");
  });

  it("removes nothing while there is room, nor while a deploy is under way, nor without knowing the releases", async () => {
    const before = [await images(), await names()];
    assert.equal(succeeded(await watch("PRUNE_AT=101 ALARM_AT=101")).stdout, "");

    await machine.sh(
      `docker run --detach --rm --name lock --label dev.tristack.lock=me ${given().image} sleep 1000`,
    );
    assert.match(
      succeeded(await watch("PRUNE_AT=0 ALARM_AT=101")).stdout,
      /a deploy is under way: nothing is removed/,
    );
    await machine.sh("docker rm --force lock");

    await writeLedger("shop-production-records", []);
    await machine.sh(
      "echo '[{' > $(docker volume inspect --format '{{.Mountpoint}}' shop-production-records)/releases.json",
    );
    assert.match(
      succeeded(await watch("PRUNE_AT=0 ALARM_AT=101")).stdout,
      /cannot be read: nothing is removed/,
    );
    await writeLedger("shop-production-records", ledger);
    assert.deepEqual([await images(), await names()], before);
  });

  it("removes what nobody needs, and keeps the last five releases of every stack, stacks' containers and all data", async () => {
    const cache = () =>
      machine.sh("docker system df --format '{{.Type}} {{.Size}}' | sed -n 's/^Build Cache //p'");
    const volumes = () => machine.sh("docker volume ls --quiet | sort");
    const before = { names: await names(), volumes: await volumes() };
    assert.notEqual(await cache(), "0B");
    // The same rule as that of `tristack deploy`, but for what another stack keeps.
    const old = imagesToRemove(ledger, "v8").filter((image) => image !== "shop/web:v1");
    assert.deepEqual(old, ["shop/web:v2", "shop/web:v3"]);
    const removed = removedBy(await watch("PRUNE_AT=0 ALARM_AT=101"));
    console.log(`      removed: ${removed.join(", ")}`);
    assert.deepEqual(removed.sort(), [...old, stray, "forgotten"].sort());
    const present = await images();
    assert.ok(present.includes(kept) && !present.includes(stray));
    for (const version of [1, 4, 5, 6, 7]) await machine.sh(`docker image inspect shop/web:v${version}`);
    assert.deepEqual(
      await names(),
      before.names.filter((name) => name !== "forgotten"),
    );
    assert.equal(await volumes(), before.volumes);
    assert.equal(await cache(), "0B");
    assert.deepEqual(removedBy(await watch("PRUNE_AT=0 ALARM_AT=101")), [], "nothing is left to remove");
  });

  it("alarms once a day while the disk stays full, into the outbox of every stack and the system's log", async () => {
    await machine.sh("mkdir -p /mnt/small && mount -t tmpfs -o size=40M small /mnt/small");
    try {
      assert.equal(succeeded(await watch("ROOT=/mnt/small")).stdout, "");
      await machine.sh("fallocate -l 35M /mnt/small/fill");
      assert.match(succeeded(await watch("ROOT=/mnt/small")).stdout, /^8[5-9] % was in use, 8[5-9] % is$/m);
      assert.equal(await alarms(), "");
      await machine.sh("fallocate -l 2M /mnt/small/more");
      succeeded(await watch("ROOT=/mnt/small"));
      succeeded(await watch("ROOT=/mnt/small"));
      assert.match(
        await alarms(),
        /^Disk of machine: 9\d % of \/mnt\/small is in use, and nothing is left that could be removed by itself\.$/,
      );
      assert.match(
        await machine.sh("journalctl --no-pager --identifier tristack-disk --priority crit"),
        /Disk of machine: 9\d %/,
      );
      // Full again after there was room: a new alarm.
      await machine.sh("rm /mnt/small/*");
      succeeded(await watch("ROOT=/mnt/small"));
      await machine.sh("sleep 1; fallocate -l 37M /mnt/small/fill");
      succeeded(await watch("ROOT=/mnt/small"));
      assert.equal((await alarms()).split("\n").length, 2);
    } finally {
      await machine.sh("umount /mnt/small");
    }
  });
}
