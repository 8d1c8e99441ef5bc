/** A machine made fit to carry a stack: a real Debian with systemd, sshd, nftables and a Docker Engine of its own. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { stringify } from "yaml";
import { type HostScriptArgs, hostScript } from "../../../components/docker/host/script.ts";
import { PROJECT } from "../../support/e2e-clone.ts";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { Machine, machineImage, removeMachineNetwork } from "../../support/e2e-machine.ts";
import { forgetKeys } from "../../support/e2e-sshd.ts";
import { Workspace } from "../../support/e2e-workspace.ts";
import { diskWatch } from "./host/disk-watch.ts";
import { firewall } from "./host/firewall.ts";

interface Prepared {
  changes: { step: string; what: string }[];
  notes: string[];
  docker: string | null;
  seconds: number;
}

const ARGS: HostScriptArgs = {
  ...{ user: "deploy", publicKeys: [], docker: "distribution", swap: "0MiB", ports: [], reboot: false },
  proxyPorts: [80, 443],
};

/** Key of another machine. */
const STRANGER = `ssh-ed25519 ${"A".repeat(67)}B`;

describe("a host", () => {
  let site: Workspace;
  let machine: Machine;
  let key: string;
  let hostKey: string | undefined;
  /** An image that the machine's own Docker has. */
  let image: string;

  before(async () => {
    site = await Workspace.create("host");
    machine = await Machine.boot("machine");
    console.log(
      `      ${await machine.sh(". /etc/os-release; echo $PRETTY_NAME; systemctl --version | head -n 1")}`,
    );
  });
  after(async () => {
    await forgetKeys([hostKey, STRANGER]);
    await machine?.dispose();
    if (machine) await removeMachineNetwork();
    await site?.dispose();
  });

  async function settle(prepare: Record<string, unknown> = {}): Promise<void> {
    const settings = {
      target: "vps",
      environment: { kind: "local" },
      services: { web: { image: "web", port: 80, routes: ["/"] } },
      host: {
        docker: `ssh://deploy@${machine.address}`,
        sshOptions: ["-o", `IdentityFile=${key}`, "-o", "IdentitiesOnly=yes"],
        hostKey,
        prepare: { docker: "distribution", swap: "0MiB", ...prepare },
      },
    };
    const config = Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [`${PROJECT}:${name}`, value]),
    );
    await writeFile(join(site.root, "Pulumi.machine.yaml"), stringify({ config }));
  }

  async function prepare(...more: string[]): Promise<Prepared> {
    const args = ["host", "prepare", "machine", "--as", "root", "--json", ...more];
    return JSON.parse(succeeded(await site.tristack(args, { timeoutSeconds: 1200 })).stdout) as Prepared;
  }

  /** Files that are other than when the marker was set, where a change would be one. */
  const mark = () => machine.sh("sleep 1; touch /marker; sleep 1");
  const changedSince = () =>
    machine.sh(
      "find /etc /usr /home /root /var/lib/tristack /boot -xdev -newer /marker ! -type l 2> /dev/null; true",
    );

  it("that nobody could log in to any more is refused before anything is changed", async () => {
    await mark();
    const { stderr } = ended(await machine.script(hostScript(ARGS)), 2);
    assert.equal(
      stderr.trim(),
      "error: nobody could log in any more once passwords are refused; needs a public key of yours, in host.prepare.publicKeys",
    );
    assert.equal(await changedSince(), "");
    key = await machine.authorize(await site.folder("login"));
  });

  it("of another kind is refused with everything that is wrong", async () => {
    await machine.sh(
      "cp /etc/os-release /root/os-release && sed -i 's/^VERSION_ID=.*/VERSION_ID=\"11\"/' /etc/os-release",
    );
    const text = hostScript({ ...ARGS, user: "nobody" });
    const ran = await machine.script(`${text.replace("keys_of root)", "true)")}`);
    await machine.sh("cat /root/os-release > /etc/os-release; rm /root/os-release");
    assert.match(
      ended(ran, 2).stderr,
      /error: this is debian 11; needs Debian 12 or 13, or Ubuntu 22\.04 or 24\.04/,
    );
  });

  it("shows the key that its own console shows", async () => {
    await settle();
    const ran = succeeded(await site.tristack(["host", "key", "machine", "--as", "root", "--json"]));
    const shown = JSON.parse(ran.stdout) as { hostKey: string; fingerprint: string };
    assert.ok((await machine.read("/etc/ssh/ssh_host_ed25519_key.pub")).startsWith(`${shown.hostKey} `));
    assert.match(
      await machine.sh("ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub"),
      new RegExp(shown.fingerprint.replaceAll("+", "\\+")),
    );
    hostKey = shown.hostKey;
    await settle();
  });

  it("is told what would be changed, and nothing is", async () => {
    await machine.write(
      "/etc/docker/daemon.json",
      '{"labels": ["owner=me"], "log-opts": {"max-size": "50m"}}\n',
    );
    await mark();
    const { changes, docker: engine } = await prepare("--dry-run");
    const steps = [...new Set(changes.map(({ step }) => step))];
    assert.deepEqual(steps, [
      "Packages",
      "User deploy",
      "Kernel settings",
      "Time",
      "Security updates",
      "Docker",
      "Firewall",
      "ssh",
      "fail2ban",
      "Disk watch",
    ]);
    assert.equal(engine, null);
    assert.equal(await changedSince(), "");
  });

  const REPOSITORY = "https://download.docker.com/linux/debian/gpg";
  const reached = () =>
    fetch(REPOSITORY, { signal: AbortSignal.timeout(5000) }).then(
      ({ ok }) => ok,
      () => false,
    );

  it("where Docker's own repository cannot be reached says so, and is left without a source of packages", async function () {
    if (await reached()) return this.skip();
    await settle({ docker: "docker" });
    const ran = ended(await site.tristack(["host", "prepare", "machine", "--as", "root"]), 1);
    assert.match(ran.stderr, /error: Docker: failed\n.*download\.docker\.com/);
    await machine.sh("! ls /etc/apt/sources.list.d/docker.list /etc/apt/keyrings/docker.asc");
    await settle();
  });

  it("gets Docker from Docker's own repository, where that can be reached", async function () {
    if (!(await reached())) return this.skip();
    const other = await Machine.boot("other");
    try {
      const text = hostScript({ ...ARGS, docker: "docker", publicKeys: [`ssh-ed25519 ${"A".repeat(68)}`] });
      succeeded(await other.script(text));
      assert.match(await other.sh("dpkg-query -W docker-ce"), /^docker-ce\s/);
      assert.match(succeeded(await other.script(text)).stdout, /^done: 0 changes$/m);
    } finally {
      await other.dispose();
    }
  });

  it("is made fit over ssh, and its user reaches Docker", async () => {
    const { changes, docker: engine, seconds } = await prepare();
    console.log(`      ${changes.length} changes, Docker ${engine ?? "?"}, ${seconds} s`);
    assert.ok(changes.length > 10);
    assert.match(engine ?? "", /^\d+\.\d+/);
    assert.match(await machine.sh("id -nG deploy"), /\bdocker\b/);
    image = await machine.loadBase();
  });

  it("prepared again is left as it is", async () => {
    await mark();
    const { changes, seconds } = await prepare();
    console.log(`      ${seconds} s`);
    assert.deepEqual(changes, []);
    assert.equal(await changedSince(), "");
  });

  it("keeps settings of Docker that somebody has made", async () => {
    assert.deepEqual(JSON.parse(await machine.read("/etc/docker/daemon.json")), {
      labels: ["owner=me"],
      "log-opts": { "max-size": "50m", "max-file": "3" },
      "live-restore": true,
      "log-driver": "json-file",
    });
    assert.equal(await machine.sh("docker info --format '{{.LiveRestoreEnabled}}'"), "true");
  });

  it("lets keys in and no passwords, as sshd itself says", async () => {
    const said = (await machine.sh("sshd -T -C user=root,host=x,addr=203.0.113.9")).split("\n");
    for (const line of [
      "permitrootlogin without-password",
      "passwordauthentication no",
      "kbdinteractiveauthentication no",
      "maxstartups 100:30:200",
      "maxsessions 100",
    ]) {
      assert.ok(said.includes(line), line);
    }
    const options = [
      "-o",
      "BatchMode=yes",
      "-o",
      "PubkeyAuthentication=no",
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
    ];
    const { stderr } = await execa("ssh", [...options, `root@${machine.address}`, "true"], { reject: false });
    assert.match(stderr, /Permission denied \(publickey\)/);
  });

  describe("with published ports", () => firewall(() => ({ machine, image, prepare })));
  describe("with a disk that fills", () => diskWatch(() => ({ machine, image })));

  it("bans who tries to log in again and again", async () => {
    assert.match(await machine.sh("fail2ban-client --test"), /OK/);
    const own = await machineImage("Dockerfile");
    const { stdout } = await execa(
      "docker",
      [
        ...["run", "--rm", "--network", `${PROJECT}-machines`, "--entrypoint", "sh", own, "-c"],
        `hostname -I; for i in 1 2 3 4 5 6; do timeout 5 ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o ConnectTimeout=3 guest$i@${machine.address} true; done`,
      ],
      { reject: false },
    );
    const [from = ""] = stdout.trim().split(/\s+/);
    for (let tries = 0; tries < 20; tries += 1) {
      if ((await machine.sh("fail2ban-client get sshd banip")).includes(from)) return;
      await sleep(500);
    }
    assert.fail(`${from} is not banned: ${await machine.sh("fail2ban-client status sshd")}`);
  });

  it("installs security updates alone, and restarts itself only where that is wished", async () => {
    const said = await machine.sh("unattended-upgrade --dry-run --debug 2>&1 || true");
    assert.match(
      said,
      /Allowed origins are: origin=Debian,codename=bookworm-security,label=Debian-Security, origin=Ubuntu,archive=bookworm-security,label=Ubuntu$/m,
    );
    const reboots = () =>
      machine.sh("apt-config dump | sed -n 's/^Unattended-Upgrade::Automatic-Reboot //p'");
    assert.equal(await reboots(), '"false";');
    await settle({ reboot: true });
    assert.deepEqual((await prepare()).changes, [
      { step: "Security updates", what: "/etc/apt/apt.conf.d/60tristack-upgrades" },
    ]);
    assert.equal(await reboots(), '"true";');
    await settle();
    await prepare();
  });

  it("gets swap where it has none", async () => {
    if ((await readFile("/proc/swaps", "utf8")).trim().split("\n").length > 1) {
      throw new Error("this machine has swap of its own, and so has its container");
    }
    const text = hostScript({ ...ARGS, swap: "64MiB" }).replace(
      "SWAP_FILE='/swapfile'",
      "SWAP_FILE='/var/lib/docker/swapfile'",
    );
    const ran = succeeded(await machine.script(text));
    assert.match(ran.stdout, /^done: 2 changes$/m);
    assert.match(
      await machine.sh("swapon --show --noheadings --bytes"),
      /^\/var\/lib\/docker\/swapfile file 6710\d{4}/,
    );
    assert.match(await machine.read("/etc/fstab"), /^\/var\/lib\/docker\/swapfile none swap sw 0 0$/m);
    assert.match(succeeded(await machine.script(text)).stdout, /^done: 0 changes$/m);
    await machine.sh("swapoff /var/lib/docker/swapfile");
  });

  it("stops at the first step that fails, and says which", async () => {
    const before = await machine.read("/etc/docker/daemon.json");
    await machine.write("/etc/docker/daemon.json", "{ broken");
    const broken = ended(await site.tristack(["host", "prepare", "machine", "--as", "root"]), 1);
    assert.match(broken.stderr, /error: Docker: \/etc\/docker\/daemon\.json cannot be read: /);
    assert.equal(await machine.read("/etc/docker/daemon.json"), "{ broken");
    await machine.write("/etc/docker/daemon.json", `${before}\n`);

    await machine.sh(
      "rm /etc/ssh/sshd_config.d/00-tristack.conf; echo 'Nonsense yes' >> /etc/ssh/sshd_config",
    );
    const refused = ended(await site.tristack(["host", "prepare", "machine", "--as", "root"]), 1);
    assert.match(refused.stderr, /error: ssh: sshd does not accept its configuration: /);
    await machine.sh(
      "sed -i '/^Nonsense/d' /etc/ssh/sshd_config; ! test -e /etc/ssh/sshd_config.d/00-tristack.conf",
    );
    assert.deepEqual(
      (await prepare()).changes.map(({ step }) => step),
      ["ssh", "ssh"],
    );
  });

  it("finishes in the next run what a failed one has begun", async () => {
    await machine.sh(
      "mv /usr/bin/systemctl /usr/bin/systemctl.away && printf '#!/bin/sh\\ncase $* in *restart*fail2ban*) echo no >&2; exit 1 ;; esac\\nexec systemctl.away \"$@\"\\n' > /usr/bin/systemctl && chmod +x /usr/bin/systemctl",
    );
    await machine.sh("sed -i s/5/6/ /etc/fail2ban/jail.d/tristack.local");
    const failed = ended(await site.tristack(["host", "prepare", "machine", "--as", "root"]), 1);
    assert.match(failed.stderr, /error: fail2ban: failed\nno\n/);
    await machine.sh("mv /usr/bin/systemctl.away /usr/bin/systemctl");
    assert.deepEqual((await prepare()).changes, [
      { step: "fail2ban", what: "fail2ban with its new settings" },
    ]);
    assert.deepEqual((await prepare()).changes, []);
  });

  it("is refused with another key than the pinned one, and left as it is", async () => {
    const right = hostKey;
    await mark();
    hostKey = STRANGER;
    await settle();
    const ran = ended(await site.tristack(["host", "prepare", "machine", "--as", "root"]), 2);
    assert.match(ran.stderr, /is not the host that host\.hostKey names/);
    hostKey = right;
    await settle();
    assert.equal(await changedSince(), "");
  });

  it("of a stranger who may not become root is left as it is", async () => {
    await mark();
    const ran = ended(await site.tristack(["host", "prepare", "machine"]), 1);
    assert.match(
      ran.stderr,
      /sudo: a password is required\nNothing was changed\. Needs root, or sudo without a password: --as root/,
    );
    assert.equal(await changedSince(), "");
  });
});
