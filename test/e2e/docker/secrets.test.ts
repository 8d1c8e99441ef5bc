/** Twenty secrets are where they belong and nowhere else. */
import assert from "node:assert/strict";
import { LABEL } from "../../../components/shared/labels.ts";
import { PROJECT } from "../../support/e2e-clone.ts";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { containers, docker, inside } from "../../support/e2e-engine.ts";
import { type Marker, generated, marker, markersIn } from "../../support/e2e-markers.ts";
import { Sampler, type Trace, dockerTraces, fileTraces, pulumiTraces } from "../../support/e2e-traces.ts";
import { type Workspace, started } from "../../support/e2e-workspace.ts";

/** Who gets which of the planted ones; the first goes to all of them. */
const GIVEN: Record<string, string[]> = {
  api: ["M01", "M02", "M03", "M04", "M05", "M06", "M07", "M08"],
  web: ["M01", "M09", "M10", "M11", "M12"],
  worker: ["M01", "M13", "M14", "M15", "M16", "M17"],
};
/** Set by `tristack init` from the environment; the others by `pulumi config set`. */
const BY_INIT = ["M05", "M06", "M11", "M15"];

const GOOD_MIGRATION = ["python", "-m", "alembic", "upgrade", "head"];

describe("the secrets of a stack", () => {
  const began = Date.now();
  const planted = Array.from({ length: 17 }, (_, index) =>
    marker(`M${String(index + 1).padStart(2, "0")}`, index + 1),
  );
  const all: Marker[] = [...planted];
  let site: Workspace;
  let temporary: string;
  let sampler: Sampler;
  let sampled: Trace[] = [];

  before(async () => {
    site = await started("secrets");
    temporary = await site.folder("tmp");
    site.env.TMPDIR = temporary;
    sampler = new Sampler(temporary);
    await plant();
    succeeded(await site.start(["--no-build"]));
    all.push(generated("SECRET_KEY", await secretIn("api", "SECRET_KEY")));
    all.push(
      generated("POSTGRES_PASSWORD", await inside("postgres", "cat", "/run/secrets/POSTGRES_PASSWORD")),
    );
    all.push(
      generated("redis", await inside("redis", "sed", "-n", "s/^requirepass //p", "/run/secrets/REDIS_CONF")),
    );
  });
  after(async () => {
    await sampler?.stop();
    await site?.dispose();
  });

  /** Gives the services their secrets, a worker among them. */
  async function plant(): Promise<void> {
    await site.change((settings) => {
      settings.set(["services", "api", "secrets"], ["SECRET_KEY", ...(GIVEN.api ?? [])]);
      settings.set(["services", "web", "secrets"], GIVEN.web);
      settings.set(["services", "worker"], {
        image: "tristack.local/api",
        replicas: 1,
        memory: "64MiB",
        drain: "1s",
        command: ["python", "-c", "import time; time.sleep(1e9)"],
        health: { command: ["true"] },
        secrets: GIVEN.worker,
      });
    });
    for (const { name, value } of planted.filter((one) => !BY_INIT.includes(one.name))) {
      const key = `${PROJECT}:secrets.${name}`;
      succeeded(
        await site.pulumi(["config", "set", "--secret", "--path", key, "--stack", "local"], { input: value }),
      );
    }
    const env = Object.fromEntries(planted.map(({ name, value }) => [`TRISTACK_SECRET_${name}`, value]));
    succeeded(await site.tristack(["init", "local", "--yes"], { env }));
  }

  const runningOf = async (service: string) => {
    const found = (await containers()).find(
      (one) => one.State.Running && one.Config.Labels[LABEL.service] === service,
    );
    assert.ok(found, `a container of ${service} runs`);
    return found;
  };
  const secretIn = async (service: string, name: string) =>
    docker("exec", (await runningOf(service)).Id, "cat", `/run/secrets/${name}`);

  const nowhere = (traces: readonly Trace[]) => {
    assert.ok(
      traces.some((trace) => trace.text.length > 0),
      "there is something to search",
    );
    const found = traces.flatMap(({ where, text }) =>
      markersIn(text, all).map((name) => `${name} in ${where}`),
    );
    assert.deepEqual(found, []);
  };

  it("are twenty, and each is in its file in the container that asked for it", async () => {
    assert.equal(all.length, 20);
    for (const [service, names] of Object.entries(GIVEN)) {
      for (const name of names) {
        const expected = planted.find((one) => one.name === name)?.value;
        assert.equal(await secretIn(service, name), expected, `${name} in ${service}`);
      }
    }
    assert.ok((await secretIn("api", "DATABASE_URL")).includes(all[18]?.core ?? "?"));
    assert.ok((await secretIn("api", "REDIS_URL")).includes(all[19]?.core ?? "?"));
  });

  it("are in no container that did not ask for them", async () => {
    const files = async (service: string) =>
      (await docker("exec", (await runningOf(service)).Id, "ls", "/run/secrets")).split("\n").sort();
    assert.deepEqual(await files("web"), GIVEN.web?.toSorted());
    assert.deepEqual(await files("worker"), GIVEN.worker?.toSorted());
    assert.deepEqual(
      await files("api"),
      [...(GIVEN.api ?? []), "DATABASE_URL", "REDIS_URL", "SECRET_KEY"].sort(),
    );
  });

  it("can be read by their service's user alone", async () => {
    const modes = await docker(
      "exec",
      (await runningOf("api")).Id,
      "stat",
      "-c",
      "%a %u",
      "/run/secrets/M02",
      "/run/secrets/DATABASE_URL",
    );
    assert.deepEqual(modes.split("\n"), ["400 1000", "400 1000"]);
  });

  it("are all in the state, encrypted: the search finds them once they are decrypted", async () => {
    const ran = succeeded(await site.pulumi(["stack", "export", "--show-secrets", "--stack", "local"]));
    site.said.pop();
    assert.deepEqual(markersIn(ran.stdout, all).length, 20);
    const encoded = Buffer.from(`a${all[3]?.value ?? ""}`).toString("base64");
    assert.deepEqual(markersIn(encoded, all), ["M04"], "in base64 too");
  });

  it("are blotted out of the log of a migration that fails and prints them, with every detail switched on", async () => {
    await site.change((settings) =>
      settings.set(
        ["services", "api", "migrate"],
        ["sh", "-c", "for f in /run/secrets/*; do cat $f; echo; done; exit 1"],
      ),
    );
    const env = { TRISTACK_DEBUG: "1" };
    const ran = ended(await site.start(["--no-build"], { env }), 1);
    assert.match(ran.all, /\[secret\]/);
    const plain = ended(await site.pulumi(["up", "--yes", "--stack", "local", "--diff"], { env }), 1);
    assert.match(plain.all, /\[secret\]/);
    nowhere([ran, plain].map(({ command, all: text }) => ({ where: command, text })));
  });

  it("are in no output of any command", async () => {
    nowhere(await fileTraces(site.root));
    await site.change((settings) => settings.set(["services", "api", "migrate"], GOOD_MIGRATION));
    await site.change((settings) => settings.set(["services", "api", "environment", "MARK"], "again"));
    for (const args of [
      ["preview", "--diff"],
      ["preview", "--json"],
      ["config"],
      ["stack", "output", "--json"],
      ["stack", "export"],
    ]) {
      succeeded(await site.pulumi([...args, "--stack", "local"]));
    }
    succeeded(await site.start(["--no-build", "--json"], { env: { TRISTACK_DEBUG: "1" } }));
    succeeded(await site.tristack(["outputs", "local", "--json"]));
    await site.tristack(["doctor", "local"]);
    nowhere(site.said.map((text) => ({ where: text.split("\n")[0] ?? "", text })));
  });

  it("are in nothing that Docker tells: inspect of containers, volumes, networks and images, history, logs", async () => {
    nowhere(await dockerTraces());
  });

  it("are in no file of the checkout: state, its history and backups, settings", async () => {
    nowhere(await fileTraces(site.root));
  });

  it("are in none of Pulumi's own logs", async () => {
    nowhere([
      { where: "this test", text: "so that an installation without logs is searched too" },
      ...(await pulumiTraces(began)),
    ]);
  });

  it("have been in no process's arguments and in no temporary file during the updates", async () => {
    sampled = await sampler.stop();
    assert.ok(
      sampled.some(({ text }) => / up /.test(text) && /pulumi/.test(text)),
      "updates were seen",
    );
    nowhere(sampled);
  });
});
