/** Starts of a stack's containers, as Docker tells of them. */
import { createInterface } from "node:readline";
import { LABEL, type Owner } from "../components/shared/labels.ts";
import { type Docker, ownContainers } from "./docker.ts";

export interface ContainerStart {
  readonly id: string;
  readonly name: string;
  /** Its name in the program, such as `switch`. */
  readonly resource: string;
  /** Seconds since 1970, by the host's clock. */
  readonly at: number;
  /** It had been started before, since this was listened to. */
  readonly again: boolean;
}

/** Ends with Docker's daemon, or with `signal`. */
export async function* containerStarts(
  docker: Docker,
  owner: Owner,
  signal: AbortSignal,
): AsyncGenerator<ContainerStart> {
  const which = ["--filter", "type=container", "--filter", "event=start", ...ownContainers(owner)];
  const fields = [".Actor.ID", ".Actor.Attributes.name", `index .Actor.Attributes "${LABEL.resource}"`];
  const format = [...fields, ".Time"].map((field) => `{{${field}}}`).join(" ");
  const events = docker.start(["events", ...which, "--format", format]);
  const end = () => events.kill();
  signal.addEventListener("abort", end, { once: true });
  events.stderr.resume();
  const started = new Set<string>();
  try {
    for await (const line of createInterface({ input: events.stdout })) {
      const [id = "", name = "", resource = "", at] = line.split(" ");
      yield { id, name, resource, at: Number(at), again: started.has(id) };
      started.add(id);
    }
  } finally {
    signal.removeEventListener("abort", end);
    end();
    await events;
  }
}
