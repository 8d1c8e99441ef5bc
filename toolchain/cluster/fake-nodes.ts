/** Nodes that are not there, by kwok: their pods only seem to run, so that hundreds fit on this machine. */
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { badInput } from "../../cli/errors.ts";
import type { Log } from "../command.ts";
import { KWOK, toolPath } from "../pins.ts";
import { ensureTools } from "../pulumi.ts";
import { isUp } from "./cluster.ts";
import { applyObjects, kubectl, must } from "./kubectl.ts";
import { KUBECONFIG, NODE } from "./layout.ts";
import { type Part, flags } from "./parts.ts";
import { runs, start, stop, waitFor } from "./processes.ts";

const FAKE = { type: "kwok" } as const;
const SELECTED = "type=kwok";

/** What the nodes and pods do: all at once. Of its folders only these are told of no other kind. */
const STAGES = ["node/fast", "node/heartbeat-with-lease", "pod/fast"];

/** While there are any, the real node takes no further pods; with none, it does again. */
export async function setFakeNodes(count: number, log: Log): Promise<void> {
  if (!isUp()) throw badInput("the test cluster is down; needs `npm run cluster -- up` first");
  if (count > 0) await ensureTools([KWOK], log);
  await must(["delete", "nodes", "--selector", SELECTED, "--ignore-not-found"]);
  if (count === 0) {
    await stop(KWOK.name);
    await must(["uncordon", NODE]);
    return;
  }
  await must(["cordon", NODE]);
  if (!runs(KWOK.name)) start(kwok());
  await applyObjects(Array.from({ length: count }, (_, index) => node(`fake-${index}`)));
  log("waiting for the nodes");
  const ready = ["wait", "--for=condition=Ready", "nodes", "--selector", SELECTED, "--timeout=1s"];
  await waitFor(KWOK.name, 60, async () => !(await kubectl(ready)).failed);
}

function kwok(): Part {
  const folder = join(dirname(toolPath(KWOK)), "stages");
  const files = STAGES.flatMap((stage) => globSync(join(folder, stage, "*-*.yaml")));
  const options = {
    kubeconfig: KUBECONFIG,
    "manage-nodes-with-label-selector": SELECTED,
    "node-lease-duration-seconds": 40,
  };
  return {
    name: KWOK.name,
    command: [toolPath(KWOK), ...flags(options), ...files.map((file) => `--config=${file}`)],
  };
}

function node(name: string) {
  const room = { cpu: "64", memory: "256Gi", pods: "250", "ephemeral-storage": "1Ti" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { ...FAKE, "kubernetes.io/hostname": name } },
    status: { allocatable: room, capacity: room },
  };
}
