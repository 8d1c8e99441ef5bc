/** Bad input, end to end: one clear message, the right exit code, no stack trace, and nothing created. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PROJECT } from "../../support/e2e-clone.ts";
import { type Ran, ended, succeeded } from "../../support/e2e-command.ts";
import { leftovers } from "../../support/e2e-engine.ts";
import { Settings, Workspace } from "../../support/e2e-workspace.ts";

interface Case {
  readonly title: string;
  readonly edit: (settings: Settings) => void;
  /** Lines of the message, each complete. */
  readonly says: readonly string[];
}

const CASES: readonly Case[] = [
  {
    title: "a number out of bounds",
    edit: (settings) => settings.set(["services", "web", "replicas"], 0),
    says: [`${PROJECT}:services.web.replicas is 0; needs a whole number from 1 to 50`],
  },
  {
    title: "a password among the variables",
    edit: (settings) =>
      settings.set(["services", "api", "environment", "FEED"], "https://me:hunter2-marker@feed.example"),
    says: [
      `${PROJECT}:services.api.environment.FEED is a text with a password or key in it; needs to be a secret`,
    ],
  },
  {
    title: "a secret that is not encrypted",
    edit: (settings) => settings.set(["secrets"], { SECRET_KEY: "plain-marker-0123456789" }),
    says: [
      `${PROJECT}:secrets.SECRET_KEY is in plain text; needs to be encrypted: pulumi config set --secret --path 'secrets.SECRET_KEY'`,
    ],
  },
  {
    title: "three problems at once",
    edit: (settings) => {
      settings.set(["services", "api", "memory"], "lots");
      settings.set(["environment", "kind"], "lunar");
      settings.set(["proxy", "httpsPort"], 70_000);
    },
    says: [
      `${PROJECT}:environment.kind is lunar; needs one of: local, staging, production, preview`,
      `${PROJECT}:services.api.memory is lots; needs a size such as 512MiB or 2GiB, from 16MiB to 512GiB`,
      `${PROJECT}:proxy.httpsPort is 70000; needs a whole number from 1 to 65535`,
    ],
  },
];

const NO_TRACE = /^\s+at .*(\.ts|\.js|node:)/m;
const MARKERS = /hunter2-marker|plain-marker/;

describe("bad input", () => {
  let site: Workspace;
  let present: Awaited<ReturnType<typeof leftovers>>;

  before(async () => {
    site = await Workspace.create("bad-settings");
    present = await leftovers();
  });
  after(() => site?.dispose());

  const nothingCreated = async () => assert.deepEqual(await leftovers(), present);
  const settingsText = () => readFile(join(site.root, "Pulumi.local.yaml"), "utf8");
  const clear = (ran: Ran, says: readonly string[]) => {
    const lines = ran.all.split("\n").map((line) => line.trim());
    for (const line of says) assert.ok(lines.includes(line), `no line "${line}" in:\n${ran.all}`);
    assert.doesNotMatch(ran.all, NO_TRACE);
    assert.doesNotMatch(ran.all, MARKERS, "a secret is printed");
  };

  describe("to tristack start", () => {
    for (const { title, edit, says } of CASES) {
      it(`${title}: exit code 2`, async () => {
        await site.resetSettings();
        await site.change(edit);
        const text = await settingsText();
        clear(ended(await site.tristack(["start"]), 2), says);
        await nothingCreated();
        assert.ok(!existsSync(join(site.root, ".tristack", "state")), "no backend was made");
        assert.equal(await settingsText(), text, "the settings are left as they are");
      });
    }

    it("a port that is taken: exit code 2 and who has it", async () => {
      await site.resetSettings();
      const server = createServer().listen(site.ports.https);
      await new Promise((resolve) => server.once("listening", resolve));
      try {
        const ran = ended(await site.start(), 2);
        clear(ran, []);
        assert.match(
          ran.all,
          new RegExp(
            `port ${site.ports.https} is in use by process ${process.pid} \\(.+\\); needs a free one`,
          ),
        );
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
      await nothingCreated();
    });

    it("an argument or a command that there is not: exit code 2", async () => {
      for (const args of [
        ["start", "--https-port", "99999"],
        ["start", "--colour"],
        ["launch"],
        ["destroy", "../local", "--yes"],
      ]) {
        const ran = ended(await site.tristack(args), 2);
        clear(ran, []);
        assert.match(ran.all, /error: /);
      }
      await nothingCreated();
    });
  });

  describe("to plain npx pulumi", () => {
    before(async () => {
      await site.resetSettings();
      await site.change((settings) => settings.set(["release"], { version: "v1" }));
      const folder = join(await site.folder("backend"));
      site.exports = {
        PULUMI_BACKEND_URL: pathToFileURL(folder).href,
        PULUMI_CONFIG_PASSPHRASE: "of no importance",
      };
      succeeded(await site.pulumi(["stack", "init", "local"]));
    });

    for (const { title, edit, says } of CASES) {
      it(`${title}: exit code 1`, async () => {
        await site.change(edit);
        for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
          clear(ended(await site.pulumi([...command, "--stack", "local"]), 1), says);
        }
        await nothingCreated();
        await site.resetSettings();
      });
    }
  });
});
