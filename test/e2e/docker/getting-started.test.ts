/**
 * A newcomer's way to production on a VPS: docs/getting-started.md from top to bottom, on a Debian that has systemd, sshd and
 * nothing else. Stand-ins, by name alone: the domain (a DNS server and an ACME server of this machine), the registries (images are
 * brought to the machine, those of the application built as `npm start` builds them) and Docker's packages (Debian's).
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { imageName } from "../../../cli/images.ts";
import { ensureDocker } from "../../../toolchain/docker.ts";
import { ensureBaseImages } from "../../../toolchain/images.ts";
import { itFully } from "../../support/e2e-tier.ts";
import { REPOSITORY, environment, run, succeeded } from "../../support/e2e-command.ts";
import { docker } from "../../support/e2e-engine.ts";
import { Newcomer, withValues } from "../../support/e2e-getting-started.ts";
import { SERVICES, buildSample } from "../../support/e2e-images.ts";
import { Machine, removeMachineNetwork } from "../../support/e2e-machine.ts";
import { readPage } from "../../support/page.ts";
import { commandsIn } from "../../support/page-commands.ts";
import { Dns, Pebble } from "../../support/e2e-pebble.ts";
import { forgetKeys } from "../../support/e2e-sshd.ts";

const DOMAIN = "shop.e2e.test";
const REGISTRY = "registry.e2e.test/shop";
/** Images of the stack's own parts that a VPS runs without monitoring. */
const PARTS = ["nginx", "postgres", "redis", "certbot"] as const;

/** Commands that change nothing, or what the next one changes back. */
const HARMLESS =
  /^(status|releases|logs|backup (list|verify)|certificate status|maintenance (on|off)|plan|cost|host prepare) production/;

describe("docs/getting-started.md, a VPS", function () {
  // One step needs the one before.
  this.bail(true);
  let newcomer: Newcomer;
  let machine: Machine;
  let dns: Dns;
  let pebble: Pebble;
  let agent: string | undefined;
  let hostKey: string | undefined;

  before(async () => {
    await ensureDocker();
    newcomer = await Newcomer.create("vps");
    machine = await Machine.boot("newcomer");
    const { place } = newcomer;
    const key = await machine.authorize(await place.folder("login"));
    const { stdout } = await execa("ssh-agent", ["-s"]);
    const [, socket = ""] = /SSH_AUTH_SOCK=([^;]+)/.exec(stdout) ?? [];
    [, agent] = /SSH_AGENT_PID=(\d+)/.exec(stdout) ?? [];
    place.env.SSH_AUTH_SOCK = socket;
    succeeded(await place.run("ssh-add", ["-q", key]));
    dns = await Dns.start(machine.address);
    const folder = await place.folder("pebble");
    pebble = await Pebble.start({ folder, address: machine.gateway, httpPort: 80, dns });
    await newcomer.curl(`resolve = "${DOMAIN}:443:${machine.address}"`, `cacert = "${folder}/root.pem"`);
    await writeFile(join(folder, "root.pem"), await pebble.root());
  });
  after(async () => {
    if (agent !== undefined) process.kill(Number(agent));
    if (hostKey !== undefined) await forgetKeys([hostKey]);
    await pebble?.stop();
    await dns?.stop();
    await machine?.dispose();
    if (machine) await removeMachineNetwork();
    await newcomer?.place.dispose();
  });

  itFully("begins with a checkout, a passphrase and the settings", async () => {
    const { place } = newcomer;
    const values = {
      REPOSITORY: place.root,
      DOMAIN,
      MACHINE: machine.address,
      EMAIL: "ops@e2e.test",
      REGISTRY,
      PULUMI_BACKEND_URL: `file://${await place.folder("state")}`,
    };
    await newcomer.step("Your values", (text) => withValues(text, values));
    await newcomer.step("The checkout");
    await newcomer.step("The checkout");
    await newcomer.step("The settings");
    const images = await ensureBaseImages({ names: [...PARTS, "node", "python"] });
    await newcomer.settle({
      images: Object.fromEntries(PARTS.map((name) => [name, images[name].reference])),
      "certificates.server": pebble.directory,
      "certificates.authority": pebble.authority,
      "host.prepare": { docker: "distribution", swap: "0MiB" },
    });
  });

  itFully("makes the machine fit, once its key is in the settings", async () => {
    const shown = await newcomer.step("The machine");
    [hostKey] = /ssh-ed25519 \S+/.exec(shown.stdout) ?? [];
    assert.ok(hostKey !== undefined, shown.all);
    const { stdout } = await newcomer.step("The machine");
    assert.match(stdout, new RegExp(`^${machine.address} is ready for deploy: \\d+ changes, Docker `, "m"));
  });

  itFully("makes the stack, and brings the images", async () => {
    const { stdout } = await newcomer.step("The stack");
    assert.match(stdout, /^production is created in file:/m);
    // The registry's part: what `docker build` and `docker push` name is there when the machine asks for it.
    const images = await ensureBaseImages();
    const version = await buildSample("local", images);
    const built: string[] = [];
    // What `docker login` leaves: the stack's settings name a registry, and the provider wants to know of it.
    const login = await newcomer.place.folder("docker");
    const auth = Buffer.from("newcomer:token").toString("base64");
    await writeFile(join(login, "config.json"), JSON.stringify({ auths: { "ghcr.io": { auth } } }));
    newcomer.place.env.DOCKER_CONFIG = login;
    await newcomer.step("Images", (text) => {
      assert.ok(text.startsWith("docker login "));
      for (const service of SERVICES) {
        const name = `${REGISTRY}/${service}:v1.0.0`;
        assert.ok(
          text.includes(`docker build --build-arg RELEASE=v1.0.0 --tag "$REGISTRY/${service}:v1.0.0"`),
        );
        assert.ok(text.includes(`docker push "$REGISTRY/${service}:v1.0.0"`));
        built.push(name);
      }
      return ":";
    });
    for (const service of SERVICES)
      await docker("tag", imageName(service, version), `${REGISTRY}/${service}:v1.0.0`);
    try {
      const script =
        'machine=$1; shift; docker save "$@" | docker exec --interactive "$machine" docker load --quiet';
      const all = [...PARTS.map((name) => images[name].reference), ...built];
      const args = ["-c", script, "sh", machine.name, ...all];
      succeeded(await run("sh", args, { cwd: REPOSITORY, timeoutSeconds: 1200 }));
    } finally {
      await docker("image", "rm", ...built);
    }
  });

  itFully(
    "ends with the application answering at its domain, under a certificate that was asked for",
    async () => {
      const { stdout } = await newcomer.step("The first release");
      assert.match(stdout, /"status": ?"ok"/);
      assert.match(stdout, /release +v1\.0\.0-\w+\nmaintenance/);
      assert.match(
        await machine.sh("docker ps --format '{{.Image}}'"),
        new RegExp(`${REGISTRY}/web:v1\\.0\\.0`),
      );
    },
  );

  itFully("has its settings in git, and a backup that can be restored", async () => {
    const { stdout } = await newcomer.step("Before you call it production");
    assert.match(stdout, /can be restored: \d+ tables with the same rows/);
    const status = succeeded(await run("git", ["status", "--porcelain"], { cwd: newcomer.root }));
    assert.equal(status.stdout, "");
    assert.deepEqual(newcomer.left, []);
  });

  itFully("lets a consumer without Tristack's code make a backup by the outputs alone", async () => {
    const { stdout: outputs } = await newcomer.tristack("outputs", "production", "--json");
    const ran = await newcomer.place.run("node", ["examples/consumer/backup.mjs"], {
      cwd: newcomer.root,
      input: outputs,
      env: { DOCKER_HOST: `ssh://deploy@${machine.address}`, PATH: await knowing(hostKey ?? "") },
    });
    const made = succeeded(ran);
    assert.match(made.stdout, /"verdict": ?"ok"|"name": ?"\d{8}T\d{6}Z"/);
  });

  itFully("is looked at and kept by the commands of docs/operations.md", async () => {
    const shown = commandsIn(readPage("docs/operations.md"), "tristack").filter(({ whole }) => whole);
    const lines = [...new Set(shown.map(({ words }) => words.join(" ")))].filter((line) =>
      HARMLESS.test(line),
    );
    assert.ok(lines.length >= 10, lines.join("\n"));
    for (const line of lines) {
      // The page's backup is of another day.
      const ran = await newcomer.tristack(...line.replace(/ \d{8}T\d{6}Z/, "").split(" "));
      console.log(`      tristack ${line}: ${ran.seconds.toFixed(1)} s`);
    }
    for (const args of [
      ["restore", "production"],
      ["restore", "--confirm", "production"],
    ])
      await newcomer.tristack(...args, "--yes");
  });

  itFully("gets another secret as docs/operations.md says, and answers again", async () => {
    const { blocks } = readPage("docs/operations.md");
    const block = blocks.find(({ text }) => text.includes("secrets.SECRET_KEY"));
    const script = block?.text
      .replace("config set", "config set secrets.SECRET_KEY another-secret-of-some-length")
      .replace("--path 'secrets.SECRET_KEY'", "--path")
      .replace("pulumi up", "pulumi up --yes --skip-preview");
    const ids = () => machine.sh("docker ps --quiet --filter label=dev.tristack.service=api");
    const before = await ids();
    await newcomer.sh(script ?? "false");
    assert.notEqual(await ids(), before);
    await newcomer.sh('curl --fail --silent --show-error "https://$DOMAIN/health"');
  });

  /** PATH with an ssh that knows the machine: what a line in known_hosts does for whoever has one. */
  async function knowing(key: string): Promise<string> {
    const folder = await newcomer.place.folder("known");
    await writeFile(join(folder, "hosts"), `${machine.address} ${key}\n`);
    const script = `#!/bin/sh\nexec /usr/bin/ssh -o UserKnownHostsFile=${folder}/hosts "$@"\n`;
    await writeFile(join(folder, "ssh"), script, { mode: 0o755 });
    return [folder, environment().PATH].join(delimiter);
  }
});
