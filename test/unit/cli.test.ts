/** The command line itself: help, exit codes, messages. Runs the real command. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { execa } from "execa";
import { after, describe, it } from "mocha";
import { ask, askSecret } from "../../cli/ask.ts";
import { CliError, engineMessage, presentError } from "../../cli/errors.ts";
import { EventLog, resourceName, summarize } from "../../cli/events.ts";
import { createProgram } from "../../cli/main.ts";
import { table } from "../../cli/output.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** No login, no backend, no Docker: whatever is refused is refused before any of them is needed. */
const home = mkdtempSync(join(tmpdir(), "tristack-cli-"));
const ENV = {
  PATH: process.env.PATH,
  HOME: home,
  PULUMI_HOME: home,
  PULUMI_BACKEND_URL: `file://${home}`,
  DOCKER_HOST: `unix://${home}/docker.sock`,
};

function running(...args: string[]) {
  return runningWith([], args);
}

function runningWith(nodeOptions: readonly string[], args: readonly string[]) {
  return execa(process.execPath, [...nodeOptions, join(ROOT, "cli", "tristack.js"), ...args], {
    env: ENV,
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
}

async function tristack(...args: string[]) {
  const result = await running(...args);
  return { code: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

after(() => rmSync(home, { recursive: true }));

const { commands } = await createProgram();

describe("a command that has ended", () => {
  // As the Automation API does, whose server stays where it fails early.
  const leaving = [
    "--import",
    "data:text/javascript,import('node:net').then((net)=>net.createServer().listen(0))",
  ];

  it("is gone, whatever a library has left open", async () => {
    const ran = await runningWith(leaving, ["--help"]);
    assert.deepEqual([ran.exitCode, ran.stdout], [0, (await tristack("--help")).stdout]);
  });

  it("keeps its exit code and its words", async () => {
    const ran = await runningWith(leaving, ["deploy"]);
    assert.equal(ran.exitCode, 2);
    assert.match(ran.stderr, /required option/);
  });
});

describe("tristack --help", () => {
  for (const command of commands) {
    it(`${command.name()}: description, options, examples`, () => {
      const chunks: string[] = [];
      command.configureOutput({ writeOut: (text) => chunks.push(text) }).outputHelp();
      const text = chunks.join("");
      assert.match(text, new RegExp(`Usage: tristack ${command.name()}`));
      assert.match(text, new RegExp(`Examples:\n {2}(tristack ${command.name()}|npm start)`));
      assert.match(text, /--json/);
    });
  }

  it("of the command itself names every subcommand and the exit codes", async () => {
    const { code, stdout, stderr } = await tristack("--help");
    assert.equal(code, 0);
    for (const command of commands) {
      assert.match(stdout, new RegExp(`^ {2}${command.name()}\\b`, "m"));
    }
    assert.match(stdout, /Exit codes: 0 done, 1 failed, 2 bad input/);
    assert.equal(stderr, "");
  });

  it("of a subcommand is answered with 0", async () => {
    const { code, stdout } = await tristack("destroy", "--help");
    assert.equal(code, 0);
    assert.match(stdout, /Usage: tristack destroy/);
  });
});

describe("exit code 2, one message, no stack trace", () => {
  const cases: [string[], RegExp][] = [
    [["nonsense"], /unknown command 'nonsense'/],
    [["destroy"], /missing required argument 'stack'/],
    [["outputs", "local", "--colour"], /unknown option '--colour'/],
    [["start", "--https-port", "0"], /--https-port <n>.*'0' is invalid.*whole number from 1 to 65535/],
    [["start", "--target", "moon"], /'moon' is invalid.*Allowed choices are vps, kubernetes/],
    [["outputs", "a b"], /"a b"; needs a name of letters, digits/],
    [["destroy", "../x"], /needs a name of letters, digits/],
    [["certificate", "revoke", "local"], /'revoke' is invalid.*Allowed choices are status, renew/],
    [["certificate", "renew", "unheard-of"], /no settings file of a stack unheard-of/],
    [["host", "nonsense", "local"], /'nonsense' is invalid.*Allowed choices are prepare, key/],
    [
      ["host", "prepare", "ssh://nowhere"],
      /host: ssh:\/\/nowhere; needs a stack's name, or an address such as ssh/,
    ],
    [
      ["host", "key", "unheard-of"],
      /There is no settings file of a stack unheard-of; needs a stack that exists/,
    ],
    [["host", "key", "ssh://me@nowhere", "--dry-run"], /--dry-run goes with prepare alone/],
    [["host", "key", "production", "--as", "a b"], /'a b' is invalid.*needs a user name/],
    [["plan", "unheard-of"], /no settings file of a stack unheard-of/],
    [["plan", "--against", "no-such-commit"], /--against: .*needs a (commit, branch or tag|git repository)/],
    [["plan", "--json", "--markdown"], /'--markdown' cannot be used with option '--json'/],
    [["init", "unheard-of"], /stack: unheard-of; needs its settings in Pulumi\.unheard-of\.yaml first/],
  ];
  for (const [args, message] of cases) {
    it(`tristack ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await tristack(...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^\s+at /m);
      assert.equal(stdout, "");
    });
  }

  it("leaves nothing behind", () => assert.deepEqual(readdirSync(home), []));
});

describe("exit code 1", () => {
  it("when Pulumi's CLI is not there yet, with the command that gets it", async () => {
    const { code, stderr } = await tristack("outputs", "local");
    assert.equal(code, 1);
    assert.match(stderr, /Pulumi's CLI 3\.\d+\.\d+ is not installed yet: run `npm run toolchain`/);
    assert.equal(stderr.trim().split("\n").length, 1);
  });
});

describe("errors", () => {
  it("keep their code; unexpected ones are one line, and a trace with --debug", () => {
    assert.deepEqual(presentError(new CliError("no", 2), false), { text: "no", exitCode: 2 });
    const { text, exitCode } = presentError(new Error("odd\nsecond line"), false);
    assert.equal(exitCode, 1);
    assert.match(text, /^odd\n\(unexpected; run again with --debug/);
    assert.match(presentError(new Error("odd"), true).text, /\n\s+at /);
    assert.equal(presentError("thrown text", false).exitCode, 1);
  });

  it("of Pulumi lose the SDK's echo", () => {
    const raw =
      "code: -2\n stdout: \n stderr: Command failed with exit code 255: pulumi up\nerror: no stack named 'x' found\n  more\n err?: Error: x\n    at f";
    assert.equal(engineMessage(raw), "no stack named 'x' found\n  more");
    assert.equal(engineMessage("plain"), "plain");
  });
});

describe("engine events", () => {
  const urn = "urn:pulumi:local::tristack::tristack:docker:Service$docker:index/container:Container::web-0";
  const state = { type: "", urn, id: "1", parent: "", inputs: {}, outputs: {}, provider: "", custom: true };
  const metadata = {
    op: "create" as const,
    urn,
    type: "docker:index/container:Container",
    provider: "",
    new: state,
  };

  it("become one line a resource, none for components", () => {
    const lines: string[] = [];
    const log = new EventLog((line) => lines.push(line));
    log.add({ sequence: 1, timestamp: 0, resourcePreEvent: { metadata } });
    log.add({ sequence: 2, timestamp: 0, resOutputsEvent: { metadata } });
    log.add({
      sequence: 3,
      timestamp: 0,
      resOutputsEvent: { metadata: { ...metadata, new: { ...state, custom: false } } },
    });
    log.add({ sequence: 4, timestamp: 0, resOutputsEvent: { metadata: { ...metadata, op: "same" } } });
    assert.deepEqual(lines, ["+ creating docker Container web-0", "+ created docker Container web-0"]);
  });

  it("below a warning are dropped: the engine's debug messages hold secrets", () => {
    const lines: string[] = [];
    const log = new EventLog((line) => lines.push(line));
    const say = (severity: string, message: string) =>
      log.add({
        sequence: 1,
        timestamp: 0,
        diagnosticEvent: { message, color: "raw", severity: severity as "info" },
      });
    say("debug", "password hunter2");
    say("info", "password hunter2");
    say("info#err", "password hunter2");
    say("warning", "<{%fg 3%}>careful<{%reset%}>\n");
    say("error", "it broke");
    say("error", "it broke");
    assert.deepEqual([lines, log.warnings, log.errors], [[], ["careful"], ["it broke"]]);
  });

  it("are summed up", () => {
    assert.equal(summarize({ same: 40, read: 1 }), "0 changes (40 unchanged)");
    assert.equal(summarize({ create: 3, delete: 1, same: 2 }), "3 created, 1 deleted, 2 unchanged");
    assert.equal(resourceName(urn), "docker Container web-0");
    const log = new EventLog(() => undefined);
    const changes = { same: 4, read: 1, create: 2, replace: 1 };
    const summary = { maybeCorrupt: false, durationSeconds: 1, resourceChanges: changes, policyPacks: {} };
    log.add({ sequence: 1, timestamp: 0, summaryEvent: summary });
    assert.equal(log.changed, 3);
  });
});

describe("output that nobody reads any more", () => {
  it("ends no command", async () => {
    const help = running("--help");
    help.stdout.destroy();
    const { exitCode, stderr } = await help;
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: "" });
  });
});

describe("questions", () => {
  function terminal() {
    const shown: string[] = [];
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        shown.push(chunk.toString());
        done();
      },
    });
    return { input: new PassThrough(), output, shown };
  }

  it("show what is typed, except secrets, also after another question", async () => {
    const io = terminal();
    const first = ask("Backend", "file:///x", io);
    io.input.write("s3://bucket\r");
    assert.equal(await first, "s3://bucket");
    const second = askSecret("Passphrase", io);
    io.input.write("hunter2\r");
    assert.equal(await second, "hunter2");
    const text = io.shown.join("");
    assert.match(text, /s3:\/\/bucket/);
    assert.doesNotMatch(text.replaceAll(/(.)\1/g, "$1"), /hunter/);
    assert.match(text, /Passphrase: \n$/);
  });

  it("take the default for an empty line; Ctrl-C ends the command with exit code 2", async () => {
    const io = terminal();
    const usual = ask("Backend", "file:///x", io);
    io.input.write("\r");
    assert.equal(await usual, "file:///x");
    const cancelled = askSecret("Passphrase", io);
    io.input.write("\u0003");
    await assert.rejects(cancelled, (error) => error instanceof CliError && error.exitCode === 2);
  });
});

describe("tables", () => {
  it("align columns by what is visible", () => {
    const green = "\u001b[32mok\u001b[39m";
    assert.equal(
      table([
        [green, "Node", "24"],
        ["MISSING", "Docker", ""],
      ]),
      `${green}       Node    24\nMISSING  Docker`,
    );
  });
});

describe("the entry", () => {
  it("is JavaScript that an old Node can read", () => {
    const text = readFileSync(join(ROOT, "cli", "tristack.js"), "utf8");
    assert.ok(text.startsWith("#!/usr/bin/env node\n"));
    assert.doesNotMatch(text, /: (string|number|boolean)\b/);
  });
});
