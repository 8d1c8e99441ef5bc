/** The example consumer of the outputs: it runs what the contract says, by the target's own tool, and refuses all else. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { type Outputs, checkOutputs } from "../../components/outputs.ts";
import { changed } from "../support/settings.ts";
import { goodOutputs } from "../support/outputs.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CONSUMER = join(ROOT, "examples", "consumer", "backup.mjs");

/** Writes down how it was called, and answers as the tool of its name would. */
const TOOL = `#!${process.execPath}
const fs = require("node:fs");
const args = process.argv.slice(2);
const input = args.includes("create") ? fs.readFileSync(0, "utf8") : undefined;
fs.appendFileSync(process.env.CALLS, JSON.stringify({ args, input }) + "\\n");
const cronJob = { spec: { jobTemplate: { spec: { backoffLimit: 1, template: { spec: {
  initContainers: [{ name: "courier" }], containers: [{ name: "keeper", command: ["sh", "now"] }] } } } } } };
if (args.includes("cronjob")) console.log(JSON.stringify(cronJob));
else if (args.includes("create")) console.log("job.batch/backup-consumer-x1");
else if (args.includes("get")) console.log(JSON.stringify({ status: { conditions: [{ type: process.env.END ?? "Complete", status: "True" }] } }));
else if (process.env.FAIL) { console.error("no such container"); process.exit(1); }
else console.log("made");
`;

describe("the example consumer", () => {
  const folder = mkdtempSync(join(tmpdir(), "tristack-consumer-"));
  const calls = join(folder, "calls");
  before(() => {
    for (const name of ["docker", "kubectl", "aws"]) {
      writeFileSync(join(folder, name), TOOL);
      chmodSync(join(folder, name), 0o755);
    }
  });
  beforeEach(() => writeFileSync(calls, ""));
  after(() => rmSync(folder, { recursive: true }));

  const outputsWith = (run: Partial<NonNullable<Outputs["backup"]>["run"]>) => {
    const call = { via: "docker" as const, target: "shop-backup", args: ["/bin/sh", "a b;c", "now"], ...run };
    const backup = {
      schedule: "0 3 * * *",
      retentionDays: 30,
      destination: "s3://b/x",
      run: call,
      restore: call,
    };
    const outputs = JSON.parse(JSON.stringify(goodOutputs({}, { backup }))) as Record<string, unknown>;
    assert.deepEqual(checkOutputs(outputs), []);
    return outputs;
  };

  async function consume(outputs: unknown, env: Record<string, string> = {}, ...args: string[]) {
    const ran = await execa(process.execPath, [CONSUMER, ...args], {
      input: JSON.stringify(outputs),
      env: { PATH: [folder, process.env.PATH].join(delimiter), CALLS: calls, ...env },
      reject: false,
    });
    const lines = readFileSync(calls, "utf8").split("\n").filter(Boolean);
    const made = lines.map((line) => JSON.parse(line) as { args: string[]; input?: string });
    return { ...ran, calls: made };
  }

  for (const via of ["docker", "ssh+docker"] as const) {
    it(`runs it in the container, word by word, by ${via}`, async () => {
      const ran = await consume(outputsWith({ via }));
      assert.equal(ran.exitCode, 0, ran.stderr);
      assert.deepEqual(
        ran.calls.map(({ args }) => args),
        [["exec", "shop-backup", "/bin/sh", "a b;c", "now"]],
      );
      assert.equal(ran.stdout, "made");
    });
  }

  it("invokes the function at AWS with the words", async () => {
    const target = "arn:aws:lambda:eu-central-1:123456789012:function:backup";
    const ran = await consume(outputsWith({ via: "lambda", target, args: ["now"] }));
    assert.equal(ran.exitCode, 0, ran.stderr);
    const [{ args } = { args: [] }] = ran.calls;
    assert.deepEqual(args.slice(0, 4), ["lambda", "invoke", "--function-name", target]);
    assert.equal(args[args.indexOf("--payload") + 1], '{"args":["now"]}');
  });

  const ON_CLUSTER = {
    via: "kubernetes" as const,
    target: "shop/backup",
    args: ["sh", "/s/keeper.sh", "now"],
  };

  it("starts a Job from the CronJob's template on a cluster, and tells what it said", async () => {
    const ran = await consume(outputsWith(ON_CLUSTER));
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.ok(ran.calls.every(({ args }) => args.slice(0, 2).join(" ") === "--namespace shop"));
    const created = ran.calls.find(({ args }) => args.includes("create"));
    assert.partialDeepStrictEqual(JSON.parse(created?.input ?? ""), {
      kind: "Job",
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            initContainers: [{ name: "courier" }],
            containers: [{ name: "keeper", command: ON_CLUSTER.args }],
          },
        },
      },
    });
    assert.equal(ran.stdout, "made");
  });

  it("ends with 1 where the Job or the container failed, with what was said", async () => {
    const job = await consume(outputsWith(ON_CLUSTER), { END: "Failed" });
    assert.equal(job.exitCode, 1);
    assert.match(job.stderr, /error: job\.batch\/backup-consumer-x1 failed: made/);
    const container = await consume(outputsWith({}), { FAIL: "1" });
    assert.equal(container.exitCode, 1);
    assert.match(container.stderr, /error: docker ended with 1: no such container/);
  });

  it("runs nothing with --dry-run", async () => {
    const ran = await consume(outputsWith({}), {}, "--dry-run");
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.deepEqual([ran.calls, ran.stdout], [[], ""]);
  });

  const refused: readonly [string, unknown, RegExp][] = [
    [
      "of another version",
      changed(outputsWith({}), ["schemaVersion"], "9.0.0"),
      /\/schemaVersion must be equal/,
    ],
    [
      "with a shell's text for words",
      changed(outputsWith({}), ["backup", "run", "args"], "now"),
      /\/backup\/run\/args must be array/,
    ],
    ["without backups", changed(outputsWith({}), ["backup"], null), /makes no backups: `backup` is null/],
    ["of a stack that was never up", {}, /must have required property 'schemaVersion'/],
  ];
  for (const [what, outputs, message] of refused) {
    it(`refuses outputs ${what}, and runs nothing`, async () => {
      const ran = await consume(outputs);
      assert.equal(ran.exitCode, 2);
      assert.match(ran.stderr, message);
      assert.deepEqual(ran.calls, []);
    });
  }
});
