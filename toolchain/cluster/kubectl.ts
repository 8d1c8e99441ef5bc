/** `kubectl` of the cluster's own version, as its administrator. */
import { execa } from "execa";
import { failed } from "../../cli/errors.ts";
import { CLUSTER_TOOLS, toolPath } from "../pins.ts";
import { KUBECONFIG } from "./layout.ts";

export function kubectl(args: readonly string[], input?: string) {
  const options = { env: { KUBECONFIG }, reject: false, ...(input === undefined ? {} : { input }) } as const;
  return execa(toolPath(CLUSTER_TOOLS.kubernetes), ["kubectl", ...args], options);
}

export async function must(args: readonly string[], input?: string): Promise<void> {
  const { failed: refused, stderr } = await kubectl(args, input);
  if (refused) throw failed(`kubectl ${args[0] ?? ""}: ${stderr}`);
}

export async function succeeds(args: readonly string[]): Promise<boolean> {
  return !(await kubectl(args)).failed;
}

/** @param what `--filename` or `--kustomize`, and where it is */
export function apply(what: readonly string[], input?: string): Promise<void> {
  return must(["apply", "--server-side", ...what], input);
}

export function applyObjects(items: readonly object[]): Promise<void> {
  return apply(["--filename", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}

/** Waits for definitions: nothing can be of a kind that is not there yet. */
export function established(): Promise<void> {
  return must(["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
}

/** Waits until the pods of these Deployments are ready. */
export async function rolledOut(...deployments: { name: string; namespace: string }[]): Promise<void> {
  await Promise.all(
    deployments.map(({ name, namespace }) =>
      must(["rollout", "status", `deployment/${name}`, "--namespace", namespace, "--timeout=120s"]),
    ),
  );
}
