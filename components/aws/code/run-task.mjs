/**
 * Runs a command in a container of Fargate and waits for its end: what a function has no tools, no time or no place for.
 * Event: { taskDefinition, container, command?, lifecycle? }. The last lines of the container's log are in the error of one
 * that fails. Where Pulumi says what becomes of its resource (lifecycle), it is for the end of that alone.
 */
import { CloudWatchLogsClient, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeTasksCommand, ECSClient, RunTaskCommand } from "@aws-sdk/client-ecs";

const { CLUSTER, SUBNETS, SECURITY_GROUP, PUBLIC_ADDRESS, LOG_GROUP } = process.env;
const ecs = new ECSClient();
const logs = new CloudWatchLogsClient();
const PAUSE_MS = 3000;
const SHOWN_LINES = 20;

export async function handler({ taskDefinition, container, command, lifecycle }, context) {
  if (lifecycle && lifecycle.action !== "delete") return {};
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
      overrides: command && { containerOverrides: [{ name: container, command }] },
    }),
  );
  const [started] = tasks;
  if (!started) throw new Error(`Fargate starts nothing: ${failures.map(({ reason }) => reason).join(", ")}`);

  const task = await ended(started.taskArn, context);
  const { exitCode, reason } = task.containers[0];
  if (exitCode === 0) return { exitCode };
  const lines = await lastLines(`${container}/${container}/${task.taskArn.split("/").at(-1)}`);
  const why = [task.stoppedReason, reason, ...lines].filter(Boolean).join("\n");
  throw new Error(`${container} ended with ${exitCode ?? "no exit code"}:\n${why}`);
}

async function ended(taskArn, context) {
  while (context.getRemainingTimeInMillis() > 2 * PAUSE_MS) {
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks: [taskArn] }));
    if (tasks[0]?.lastStatus === "STOPPED") return tasks[0];
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new Error(`${taskArn} still runs: a function may wait for 15 min, and no longer`);
}

async function lastLines(logStreamName) {
  try {
    const { events } = await logs.send(
      new GetLogEventsCommand({ logGroupName: LOG_GROUP, logStreamName, limit: SHOWN_LINES }),
    );
    return events.map(({ message }) => message);
  } catch {
    // A container that never started has none.
    return [];
  }
}
