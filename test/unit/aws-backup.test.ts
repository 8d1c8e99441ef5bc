/** What `tristack backup` and `restore` make of AWS' answers, over a Lambda and a bucket that are played. */
import assert from "node:assert/strict";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { BackupFunction } from "../../cli/aws/backup-function.ts";
import { databaseUsers, longestRequest, withoutFunctions } from "../../cli/aws/backup-pause.ts";
import { manifestsIn, recordsIn } from "../../cli/aws/backup-records.ts";
import { troublesOf } from "../../cli/backup-job.ts";
import { type Swap, exchangeOver } from "../support/played-backup.ts";
import type { S3Folder } from "../../cli/s3.ts";
import type { Outputs } from "../../components/outputs.ts";

type Event = Record<string, unknown>;

/** A function that answers each event with the next of these; an Error is what it ends with. */
function answering(...answers: (object | Error)[]) {
  const events: Event[] = [];
  const client = {
    send: ({ input }: { input: { FunctionName: string; Payload: string } }) => {
      assert.equal(input.FunctionName, ARN);
      events.push(JSON.parse(input.Payload) as Event);
      const answer = answers.shift() ?? {};
      const text = JSON.stringify(answer instanceof Error ? { errorMessage: answer.message } : answer);
      return Promise.resolve({
        Payload: { transformToString: () => text },
        ...(answer instanceof Error ? { FunctionError: "Unhandled" } : {}),
      });
    },
  } as unknown as LambdaClient;
  return { events, backups: new BackupFunction(client, ARN) };
}

const ARN = "arn:aws:lambda:eu-central-1:123456789012:function:backup";
const TASK = "arn:task";

describe("the function of the backups", () => {
  it("is asked to begin, and then until there is an answer", async () => {
    const running = { task: TASK, status: "RUNNING" };
    const { events, backups } = answering(running, running, running, { exitCode: 0, answer: [1] });
    const task = await backups.begin(["verify", "x"], undefined);
    assert.deepEqual(await backups.answerOf(task), [1]);
    assert.deepEqual(events, [
      { args: ["verify", "x"], seconds: 0, alone: false },
      ...[1, 2, 3].map(() => ({ task: TASK, seconds: 20 })),
    ]);
  });

  it("is asked again while another one runs, for as long as that may take", async () => {
    const busy = new Error("another backup, drill or restore is under way");
    const patient = answering(busy, { task: TASK, status: "PROVISIONING" });
    assert.equal(await patient.backups.begin(["now"], 60), TASK);
    assert.deepEqual(patient.events, Array(2).fill({ args: ["now"], seconds: 0, alone: true }));
    await assert.rejects(answering(busy).backups.begin(["now"], 0), /another backup/);
  });

  it("is waited for until its containers run", async () => {
    const { backups } = answering({ task: TASK, status: "PENDING" }, { task: TASK, status: "RUNNING" });
    await backups.started(TASK);
    await assert.rejects(answering({ exitCode: 0 }).backups.started(TASK), /ended before/);
  });

  it("fails with the keeper's own words, and with AWS' where there are none", async () => {
    const failing = (message: string) => answering(new Error(message)).backups.answerOf(TASK);
    const keeper = "keeper ended with 1:\nEssential container in task exited\nbackup: x is damaged";
    await assert.rejects(failing(keeper), { message: "backup: x is damaged", exitCode: 1 });
    const image = "keeper ended with no exit code:\nCannotPullContainerError";
    await assert.rejects(failing(image), { message: image });
  });
});

describe("a database that is exchanged at AWS", () => {
  const outputs = {
    release: {
      settings: {
        services: {
          api: { uses: ["database"], drain: "40s" },
          web: { uses: [], drain: "5s" },
        },
        proxy: { timeout: "29s" },
      },
    },
  } as unknown as Outputs;
  const urn = (type: string, name: string) =>
    `urn:pulumi:shop::tristack::tristack:aws:ServiceFunction$${type}::${name}`;
  const state = (...names: string[]) => ({
    resources: names.flatMap((name) =>
      [
        { type: "aws:lambda/function:Function", outputs: { name: `${name}-0badcafe`, version: "3" } },
        { type: "aws:lambda/alias:Alias", outputs: { functionName: `${name}-0badcafe` } },
      ].map((one) => ({ ...one, urn: urn(one.type, name) })),
    ),
  });

  it("is used by the functions of those services that say so", () => {
    assert.deepEqual(databaseUsers(outputs, state("web", "api"), ARN), [
      "arn:aws:lambda:eu-central-1:123456789012:function:api-0badcafe",
    ]);
    assert.throws(() => databaseUsers(outputs, state("web"), ARN), /has no function of the service api/);
  });

  it("leaves requests as long as one may take", () => {
    assert.equal(longestRequest(outputs), 29);
  });

  const exchange = (lambda: Played, work: () => Promise<string>) =>
    withoutFunctions(lambda.client, ["arn:api"], 0, () => undefined, work);

  it("is asked by no request meanwhile, and by all afterwards", async () => {
    const lambda = playedLambda();
    assert.equal(await exchange(lambda, () => Promise.resolve(lambda.told())), "limit 0, tag unlimited");
    assert.equal(lambda.told(), "limit none, tag none");
  });

  it("is asked by as many as before where there was a limit, or the exchange failed", async () => {
    const lambda = playedLambda({ limit: 7 });
    await assert.rejects(
      exchange(lambda, () => Promise.reject(new Error(lambda.told()))),
      /^Error: limit 0, tag 7$/,
    );
    assert.equal(lambda.told(), "limit 7, tag none");
  });

  it("is asked by as many as before a command that was killed in between", async () => {
    const lambda = playedLambda({ limit: 0, tag: "unlimited" });
    await exchange(lambda, () => Promise.resolve(""));
    assert.equal(lambda.told(), "limit none, tag none");
  });
});

interface Played {
  readonly client: LambdaClient;
  readonly told: () => string;
}

/** One function, as far as its limit and its tag go. */
function playedLambda({ limit, tag }: { limit?: number; tag?: string } = {}): Played {
  const answers: Record<string, (input: Event) => object> = {
    ListTagsCommand: () => ({ Tags: tag === undefined ? {} : { [TAG]: tag } }),
    GetFunctionConcurrencyCommand: () => ({ ReservedConcurrentExecutions: limit }),
    PutFunctionConcurrencyCommand: (input) => ({
      done: (limit = Number(input.ReservedConcurrentExecutions)),
    }),
    DeleteFunctionConcurrencyCommand: () => ({ done: (limit = undefined) }),
    TagResourceCommand: ({ Tags }) => ({ done: (tag = (Tags as Record<string, string>)[TAG]) }),
    UntagResourceCommand: ({ TagKeys }) => {
      assert.deepEqual(TagKeys, [TAG]);
      return { done: (tag = undefined) };
    },
  };
  const client = {
    send: (command: { input: Event }) => {
      const { Resource, FunctionName } = command.input;
      assert.equal(Resource ?? FunctionName, "arn:api");
      return Promise.resolve(answers[command.constructor.name]?.(command.input));
    },
  } as unknown as LambdaClient;
  return { client, told: () => `limit ${limit ?? "none"}, tag ${tag ?? "none"}` };
}

const TAG = "dev.tristack/concurrency-before-restore";

describe("what the bucket of backups tells", () => {
  const [old, newest] = ["20261125T030000Z", "20261126T030000Z"];
  const manifest = (name: string, at: string) => JSON.stringify({ name, at, bytes: 42 });
  const folder = (more: Record<string, string> = {}) => {
    const files: Record<string, string> = {
      [`${old}.json`]: manifest(old, "2026-11-25T03:00:05Z"),
      [`${old}.dump`]: "",
      [`${newest}.json`]: manifest(newest, "2026-11-26T03:00:05Z"),
      "20261126T040000Z.dump": "",
      ...more,
    };
    return {
      names: (_: string, pattern: RegExp) =>
        Promise.resolve(
          Object.keys(files)
            .filter((name) => pattern.test(name))
            .sort(),
        ),
      text: (name: string) => Promise.resolve(files[name]),
    } as unknown as S3Folder;
  };
  const failure = (at: string) => ({ "failure.json": JSON.stringify({ at, reason: "no dump" }) });

  it("is what has a manifest, the newest first", async () => {
    assert.deepEqual(
      (await manifestsIn(folder())).map(({ name }) => name),
      [newest, old],
    );
  });

  it("is the last one, the last drill, and one that failed while none was made since", async () => {
    const drill = { at: "2026-11-22T05:00:00Z", passed: true };
    const backup = { at: "2026-11-26T03:00:05Z", bytes: 42 };
    assert.deepEqual(await recordsIn(folder({ "restore.json": JSON.stringify(drill) })), {
      records: { backup, restore: drill },
    });
    assert.deepEqual((await recordsIn(folder(failure("2026-11-26T03:00:00Z")))).failure, undefined);
    assert.deepEqual((await recordsIn(folder(failure("2026-11-26T04:00:00Z")))).failure, {
      at: "2026-11-26T04:00:00Z",
      reason: "no dump",
    });
  });

  it("is a trouble where it failed or is late", () => {
    const made = (hours: number) => ({
      verdict: "ok",
      manifest: { at: new Date(Date.now() - hours * 3_600_000).toISOString() } as never,
    });
    assert.deepEqual(troublesOf(made(24.5), "0 3 * * *", undefined), []);
    assert.match(troublesOf(made(25.5), "0 3 * * *", undefined).join(), /^the last good backup is of /);
    const failed = { at: new Date(Date.now() - 7_200_000).toISOString(), reason: "no dump" };
    assert.match(
      troublesOf(made(1), "0 3 * * *", failed).join(),
      /^the last backup failed, 2 h ago: no dump$/,
    );
  });
});

describe("an exchange of databases", () => {
  it("gets ready before the services are stopped, and gives the word then", async () => {
    const played: Swap = { said: [] };
    assert.equal((await exchangeOver(played)).kept, "app_before");
    assert.deepEqual(played.said, ["ready swap app_restore", "stopped", "the word", "started"]);
  });

  it("drops the new database wherever it fails, and lets nothing wait", async () => {
    for (const fails of ["ready", "stopped", "the word"] as const) {
      const played: Swap = { said: [], fails };
      await assert.rejects(exchangeOver(played), new Error(fails));
      assert.equal(played.said.at(-1), "discard app_restore", fails);
      assert.equal(played.said.includes("called off"), fails !== "ready", fails);
      if (fails === "the word") assert.ok(played.said.includes("started"));
    }
  });
});
