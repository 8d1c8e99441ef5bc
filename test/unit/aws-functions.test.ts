/** The functions whose code is ours, against a server that answers as AWS does. That AWS runs them is not tested: there is none here. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

type Handler = (event: unknown, context?: unknown) => Promise<unknown>;
type Answers = Record<string, (input: Record<string, unknown>) => unknown>;

/** Long enough for what asks every three seconds. */
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };

describe("functions of Lambda", () => {
  let server: Server;
  let answers: Answers = {};
  const asked: [action: string, input: Record<string, unknown>][] = [];
  const posted: unknown[] = [];
  const environment = { ...process.env };

  before(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const input = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
        const [, name, qualifier] =
          /^\/2015-03-31\/functions\/([^/]+)\/invocations\?Qualifier=(.+)$/.exec(request.url ?? "") ?? [];
        if (name !== undefined) {
          asked.push(["Invoke", { name, qualifier, ...input }]);
          const { error, ...answer } = (answers.Invoke?.(input) ?? {}) as Record<string, unknown>;
          response.writeHead(200, error ? { "x-amz-function-error": "Unhandled" } : {});
          return response.end(JSON.stringify(error ? { errorMessage: error } : answer));
        }
        if (request.url === "/hook") {
          posted.push(input);
          return response.writeHead(200).end();
        }
        const action = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
        asked.push([action, input]);
        response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
        return response.end(JSON.stringify(answers[action]?.(input) ?? {}));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      KEY_DIGEST: createHash("sha256").update("the-key").digest("hex"),
      WEBHOOK_ARN: "arn:webhook",
      CLUSTER: "jobs",
      SUBNETS: "subnet-1,subnet-2",
      SECURITY_GROUP: "sg-1",
      PUBLIC_ADDRESS: "ENABLED",
      LOG_GROUP: "jobs-log",
    });
    answers = { GetSecretValue: () => ({ SecretString: `http://127.0.0.1:${port}/hook` }) };
  });
  after(async () => {
    await new Promise((resolve) => server.close(resolve));
    for (const name of Object.keys(process.env))
      if (!(name in environment)) Reflect.deleteProperty(process.env, name);
  });

  /** @param anew what makes a module of it that is not the one before */
  const handlerOf = async (name: string, anew = ""): Promise<Handler> => {
    const file = new URL(`../../components/aws/code/${name}.mjs`, import.meta.url).href;
    return ((await import(file + anew)) as { handler: Handler }).handler;
  };

  it("let through the key of the distribution, and nothing else", async () => {
    const handler = await handlerOf("check-origin-key");
    assert.deepEqual(await handler({ headers: { "x-origin-key": "the-key" } }), { isAuthorized: true });
    for (const event of [{ headers: { "x-origin-key": "the-kez" } }, { headers: {} }, {}])
      assert.deepEqual(await handler(event), { isAuthorized: false });
  });

  it("post what an alarm says to the webhook", async () => {
    const handler = await handlerOf("tell-webhook");
    const message = {
      AlarmName: "shop-alarm-errors",
      AlarmDescription: "more than 5 % of requests fail",
      NewStateValue: "ALARM",
      NewStateReason: "Threshold Crossed",
    };
    await handler({ Records: [{ Sns: { Message: JSON.stringify(message) } }] });
    assert.deepEqual(posted, [
      {
        text: ":rotating_light: more than 5 % of requests fail: ALARM (shop-alarm-errors)\nThreshold Crossed",
      },
    ]);
    assert.deepEqual(asked, [["GetSecretValue", { SecretId: "arn:webhook" }]]);
  });

  describe("that ask for the health of a version", () => {
    const EVENT = {
      functionName: "shop-api",
      version: "7",
      path: "/health",
      host: "shop.example.com",
      seconds: 2,
    };

    it("ask as API Gateway does, until it is healthy", async () => {
      const handler = await handlerOf("check-health");
      const states = [{ error: "no database yet" }, { statusCode: 503 }, { statusCode: 200 }];
      answers = { Invoke: () => states.shift() };
      asked.length = 0;
      assert.deepEqual(await handler({ ...EVENT, seconds: 10 }), { version: "7" });
      assert.equal(asked.length, 3);
      assert.partialDeepStrictEqual(asked[0], [
        "Invoke",
        {
          name: "shop-api",
          qualifier: "7",
          rawPath: "/health",
          headers: { host: "shop.example.com" },
          requestContext: { http: { method: "GET", path: "/health" } },
        },
      ]);
    });

    for (const [what, answer, said] of [
      ["answers with an error", { statusCode: 503 }, "status 503"],
      ["ends with one", { error: "SECRET_KEY is missing" }, "Unhandled: SECRET_KEY is missing"],
      ["is redirected", { statusCode: 302 }, "status 302"],
    ] as const)
      it(`say so where it ${what} until the time is over`, async () => {
        const handler = await handlerOf("check-health");
        answers = { Invoke: () => answer };
        await assert.rejects(handler(EVENT), {
          message: `version 7 is not healthy within 2 s: GET /health: ${said}`,
        });
      });
  });

  describe("that run a job", () => {
    const task = (more: object) => ({ tasks: [{ taskArn: "arn:task/jobs/0badcafe", ...more }] });
    const EVENT = { taskDefinition: "arn:api-migration:3", container: "api-migration" };

    it("start its container and wait until it has ended", async () => {
      const handler = await handlerOf("run-task");
      const states = ["PENDING", "STOPPED"];
      answers = {
        RunTask: () => task({}),
        DescribeTasks: () =>
          task({
            lastStatus: states.shift(),
            containers: [
              { name: "sidecar", exitCode: 1 },
              { name: "api-migration", exitCode: 0 },
            ],
          }),
      };
      asked.length = 0;
      assert.deepEqual(await handler(EVENT, CONTEXT), { exitCode: 0 });
      assert.deepEqual(
        asked.map(([action]) => action),
        ["RunTask", "DescribeTasks", "DescribeTasks"],
      );
      assert.partialDeepStrictEqual(asked[0]?.[1], {
        cluster: "jobs",
        taskDefinition: "arn:api-migration:3",
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: ["subnet-1", "subnet-2"],
            securityGroups: ["sg-1"],
            assignPublicIp: "ENABLED",
          },
        },
      });
    });

    it("fail with the last lines of its log", async () => {
      const handler = await handlerOf("run-task");
      answers = {
        RunTask: () => task({}),
        DescribeTasks: () =>
          task({
            lastStatus: "STOPPED",
            stoppedReason: "Essential container exited",
            containers: [{ name: "api-migration", exitCode: 3 }],
          }),
        GetLogEvents: ({ logStreamName }) => ({
          events: [{ message: `no such table (${String(logStreamName)})` }],
        }),
      };
      await assert.rejects(handler(EVENT, CONTEXT), {
        message:
          "api-migration ended with 3:\nEssential container exited\nno such table (api-migration/api-migration/0badcafe)",
      });
    });

    it("that is for the end of something run it then, and not while that comes or changes", async () => {
      const handler = await handlerOf("run-task");
      answers = {
        RunTask: () => task({}),
        DescribeTasks: () =>
          task({ lastStatus: "STOPPED", containers: [{ name: "api-migration", exitCode: 0 }] }),
      };
      const lifecycle = (action: string) =>
        handler({ ...EVENT, lifecycle: { action, prev_input: EVENT } }, CONTEXT);
      asked.length = 0;
      for (const action of ["create", "update"]) assert.deepEqual(await lifecycle(action), {});
      assert.deepEqual(asked, []);
      assert.deepEqual(await lifecycle("delete"), { exitCode: 0 });
      assert.equal(asked[0]?.[0], "RunTask");
    });

    it("tell at once that one runs where nobody waits, and go on waiting for it when asked again", async () => {
      const handler = await handlerOf("run-task");
      const taskArn = "arn:task/jobs/0badcafe";
      answers = {
        RunTask: () => task({}),
        DescribeTasks: () => task({ lastStatus: "RUNNING", containers: [] }),
      };
      asked.length = 0;
      const words = { args: ["now"], container: "keeper", taskDefinition: "arn:backup:1", seconds: 0 };
      assert.deepEqual(await handler(words, CONTEXT), { task: taskArn, status: "RUNNING" });
      assert.partialDeepStrictEqual(asked[0]?.[1], {
        overrides: { containerOverrides: [{ name: "keeper", command: ["now"] }] },
      });
      const again = { task: taskArn, container: "keeper", seconds: 0 };
      answers = { DescribeTasks: () => ({ tasks: [], failures: [{ reason: "MISSING" }] }) };
      assert.deepEqual(await handler(again, CONTEXT), { task: taskArn, status: "PROVISIONING" });
      answers = {
        DescribeTasks: () => task({ lastStatus: "STOPPED", containers: [{ name: "keeper", exitCode: 0 }] }),
      };
      assert.deepEqual(await handler(again, CONTEXT), { exitCode: 0 });
      assert.equal(asked.filter(([action]) => action === "RunTask").length, 1);
    });

    it("say why where Fargate starts nothing, and where there is no time left", async () => {
      const handler = await handlerOf("run-task");
      answers = { RunTask: () => ({ failures: [{ reason: "RESOURCE:FARGATE" }] }) };
      await assert.rejects(handler(EVENT, CONTEXT), /^Error: Fargate starts nothing: RESOURCE:FARGATE$/);
      answers = { RunTask: () => task({}), DescribeTasks: () => task({ lastStatus: "RUNNING" }) };
      await assert.rejects(
        handler(EVENT, { getRemainingTimeInMillis: () => 1000 }),
        /arn:task\/jobs\/0badcafe still runs/,
      );
    });
  });

  describe("that run a job whose log holds the answer", () => {
    let handler: Handler;
    before(async () => {
      Object.assign(process.env, {
        FAMILY: "shop-backup",
        TASK_DEFINITION: "arn:shop-backup:7",
        CONTAINER: "keeper",
      });
      // What a function is for it reads once, as it starts.
      handler = await handlerOf("run-task", "?backup");
    });

    const stopped = (exitCode: number) => ({
      RunTask: () => ({ tasks: [{ taskArn: "arn:task/jobs/0badcafe" }] }),
      DescribeTasks: () => ({
        tasks: [{ lastStatus: "STOPPED", containers: [{ name: "keeper", exitCode }] }],
      }),
    });
    const page = (messages: string[], nextForwardToken: string) => ({
      events: messages.map((message) => ({ message })),
      nextForwardToken,
    });

    it("give it, from however many pages, and wait for its last line", async () => {
      let complete = false;
      const pages = (token: unknown) => {
        if (token === undefined) return page(["backup: --- answer", "--- answer", "{"], "a");
        if (token === "a") return page([], "b");
        return page(token === "b" && complete ? ['"name": "x"', "}", "--- end"] : [], "c");
      };
      answers = {
        ...stopped(0),
        GetLogEvents: ({ nextToken }) => {
          const found = pages(nextToken);
          if (nextToken === "c") complete = true;
          return found;
        },
      };
      asked.length = 0;
      assert.deepEqual(await handler({ args: ["list"] }, CONTEXT), { exitCode: 0, answer: { name: "x" } });
      assert.partialDeepStrictEqual(asked[0]?.[1], {
        taskDefinition: "arn:shop-backup:7",
        overrides: { containerOverrides: [{ name: "keeper", command: ["list"] }] },
      });
      answers = { ...stopped(0), GetLogEvents: () => page(["--- answer", "--- end"], "a") };
      assert.deepEqual(await handler({ args: ["discard", "x"] }, CONTEXT), { exitCode: 0, answer: null });
    });

    it("fail with what was said, without what CloudWatch makes metrics of", async () => {
      answers = {
        ...stopped(1),
        GetLogEvents: () => page(["backup: no dump could be made", '{"_aws":{}}'], "a"),
      };
      await assert.rejects(handler({ args: ["now"] }, CONTEXT), {
        message: "keeper ended with 1:\nbackup: no dump could be made",
      });
    });

    it("start none beside another one where that is asked for", async () => {
      answers = { ...stopped(0), ListTasks: () => ({ taskArns: ["arn:task/jobs/1"] }) };
      asked.length = 0;
      await assert.rejects(
        handler({ args: ["swap", "x"], alone: true, seconds: 0 }, CONTEXT),
        /^Error: another backup, drill or restore is under way$/,
      );
      assert.deepEqual(asked, [["ListTasks", { cluster: "jobs", family: "shop-backup" }]]);
    });
  });
});
