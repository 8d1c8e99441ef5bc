/** Stops the services that use the database while it is exchanged, and starts the same containers again. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Outputs } from "../components/outputs.ts";
import { LABEL, type Owner } from "../components/shared/labels.ts";
import { seconds } from "../components/shared/units.ts";
import { type Docker, ownContainers } from "./docker.ts";
import { failed } from "./errors.ts";
import type { Say } from "./progress.ts";

const HEALTHY_SECONDS = 120;

/** Runs `work` while no container of the services that use the database runs. They are started again in any case. */
export async function withoutServices<T>(
  docker: Docker,
  owner: Owner,
  outputs: Outputs,
  say: Say,
  work: () => Promise<T>,
): Promise<T> {
  const ids: string[] = [];
  const users = Object.entries(outputs.release.settings.services).filter(([, { uses }]) =>
    uses.includes("database"),
  );
  const drain = Math.max(1, ...users.map(([, service]) => seconds(service.drain)));
  for (const [name] of users) ids.push(...(await running(docker, owner, name)));
  try {
    if (ids.length > 0) {
      say(`stopping ${ids.length} containers of ${users.map(([name]) => name).join(", ")}`);
      await docker.run(["stop", "--time", String(drain), ...ids], drain + 120);
    }
    return await work();
  } finally {
    if (ids.length > 0) {
      say("starting them again");
      await docker.run(["start", ...ids]);
      await untilHealthy(docker, ids);
    }
  }
}

async function running(docker: Docker, owner: Owner, service: string): Promise<string[]> {
  const filters = [...ownContainers(owner), "--filter", `label=${LABEL.service}=${service}`];
  const text = await docker.run(["ps", "--quiet", "--no-trunc", ...filters]);
  return text.split("\n").filter((id) => id !== "");
}

async function untilHealthy(docker: Docker, ids: readonly string[]): Promise<void> {
  const format = "{{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}";
  for (const end = Date.now() + HEALTHY_SECONDS * 1000; ;) {
    const states = (await docker.run(["inspect", "--format", format, ...ids])).split("\n");
    if (states.every((state) => state === "healthy")) return;
    if (Date.now() > end)
      throw failed(`the services were started again and are not healthy after ${HEALTHY_SECONDS} s`);
    await sleep(500);
  }
}
