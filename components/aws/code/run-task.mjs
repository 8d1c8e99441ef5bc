/**
 * Runs a command in a container of Fargate: what a function has no tools, no time or no place for.
 *
 * Event: { args?, seconds?, alone? } starts one. `args` stands in the place of its command; `alone`: not beside another one.
 *        { task, seconds? } goes on waiting for one that was started.
 *        `taskDefinition` and `container` say which, where the function is not for one alone.
 * Answer: { exitCode, answer? } of one that has ended well; `answer` is the JSON that it printed.
 *         { task, status } of one that still runs after `seconds`, which may be 0. Left out: as long as a function may wait,
 *         and an error then.
 * The last lines of the container's log are in the error of one that fails.
 * Where Pulumi says what becomes of its resource (lifecycle), it is for the end of that alone.
 */
import { CloudWatchLogsClient, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeTasksCommand, ECSClient, ListTasksCommand, RunTaskCommand } from "@aws-sdk/client-ecs";

const { CLUSTER, SUBNETS, SECURITY_GROUP, PUBLIC_ADDRESS, LOG_GROUP } = process.env;
/** Of a function that is for one task alone, whose log holds answers. */
const { FAMILY, TASK_DEFINITION, CONTAINER } = process.env;
const ecs = new ECSClient();
const logs = new CloudWatchLogsClient();
const PAUSE_MS = 3000;
const SHOWN_LINES = 20;
/** Around an answer in the log: components/aws/backup/keeper-task.sh. */
const [ANSWER_LINE, END_LINE] = ["--- answer", "--- end"];
/** What the end of a log may be late by. */
const LOG_MS = 30_000;

export async function handler(event, context) {
  const { container = CONTAINER, seconds, lifecycle } = event;
  if (lifecycle && lifecycle.action !== "delete") return {};
  const task = event.task ?? (await start(event, container));
  const until =
    Date.now() + Math.min((seconds ?? Infinity) * 1000, context.getRemainingTimeInMillis() - LOG_MS);
  const state = await stateOf(task, until);
  if (state?.lastStatus !== "STOPPED") {
    if (seconds !== undefined) return { task, status: state?.lastStatus ?? "PROVISIONING" };
    throw new Error(`${task} still runs: a function may wait for 15 min, and no longer`);
  }
  const { exitCode, reason } = state.containers.find(({ name }) => name === container) ?? {};
  const stream = `${container}/${container}/${task.split("/").at(-1)}`;
  if (exitCode === 0) return CONTAINER ? { exitCode, answer: await answerIn(stream) } : { exitCode };
  const why = [state.stoppedReason, reason, ...(await lastLines(stream))].filter(Boolean).join("\n");
  throw new Error(`${container} ended with ${exitCode ?? "no exit code"}:\n${why}`);
}

async function start({ taskDefinition = TASK_DEFINITION, args, alone }, container) {
  if (alone && (await runs())) throw new Error("another backup, drill or restore is under way");
  const { tasks = [], failures = [] } = await ecs.send(
    new RunTaskCommand({
      cluster: CLUSTER,
      taskDefinition,
      launchType: "FARGATE",
      count: 1,
      propagateTags: "TASK_DEFINITION",
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: SUBNETS.split(","),
          securityGroups: [SECURITY_GROUP],
          assignPublicIp: PUBLIC_ADDRESS,
        },
      },
      overrides: args && { containerOverrides: [{ name: container, command: args }] },
    }),
  );
  const [started] = tasks;
  if (!started) throw new Error(`Fargate starts nothing: ${failures.map(({ reason }) => reason).join(", ")}`);
  return started.taskArn;
}

async function runs() {
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster: CLUSTER, family: FAMILY }));
  return taskArns.length > 0;
}

/** Once it has stopped, or at that time. Undefined: ECS does not tell of it yet. */
async function stateOf(task, until) {
  for (;;) {
    const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks: [task] }));
    if (tasks[0]?.lastStatus === "STOPPED" || Date.now() + PAUSE_MS > until) return tasks[0];
    await pause();
  }
}

/** What stands between the two lines, which may come a moment after the task has stopped. */
async function answerIn(logStreamName) {
  for (const until = Date.now() + LOG_MS - PAUSE_MS; ; await pause()) {
    const lines = await allLines(logStreamName);
    const [from, to] = [lines.lastIndexOf(ANSWER_LINE), lines.lastIndexOf(END_LINE)];
    if (from >= 0 && to > from) {
      const text = lines.slice(from + 1, to).join("\n");
      return text === "" ? null : JSON.parse(text);
    }
    if (Date.now() > until) throw new Error(`${logStreamName} holds no answer`);
  }
}

async function allLines(logStreamName) {
  const lines = [];
  for (let nextToken; ;) {
    const page = await events({ logStreamName, startFromHead: true, nextToken });
    lines.push(...page.events.map(({ message }) => message));
    // The last page gives the token that it was asked with; an empty one may have others behind it.
    if (page.nextForwardToken === nextToken) return lines;
    nextToken = page.nextForwardToken;
  }
}

async function lastLines(logStreamName) {
  const { events: last } = await events({ logStreamName, limit: SHOWN_LINES });
  // A line that CloudWatch makes a metric of is not for people.
  return last.map(({ message }) => message).filter((line) => !line.startsWith('{"_aws"'));
}

async function events(query) {
  try {
    return await logs.send(new GetLogEventsCommand({ logGroupName: LOG_GROUP, ...query }));
  } catch {
    // A container that never started has none.
    return { events: [], nextForwardToken: query.nextToken };
  }
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
