/** A stack of any number of small services on fake nodes of the test cluster; and the same objects as files for kubectl. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { failed } from "../cli/errors.ts";
import { type Project, readProject, stackPath } from "../cli/project.ts";
import { run } from "../toolchain/command.ts";
import { applyObjects, kubectl, must } from "../toolchain/cluster/kubectl.ts";
import { KUBECONFIG, PORTS } from "../toolchain/cluster/layout.ts";
import { CLUSTER_TOOLS, toolPath } from "../toolchain/pins.ts";
import { ROOT, ThrowAwayPulumi } from "./engine.ts";
import type { Command } from "./measure.ts";

/** Also its namespace. Git ignores settings files of this form. */
const STACK = "pr-scale";
/** Class of volumes that no disk is behind. */
const STORAGE = "fake";

/** A Kubernetes object as it was applied. */
type Applied = Readonly<Record<string, unknown>>;

export class ScaleStack {
  readonly pulumi = new ThrowAwayPulumi();
  readonly #project: Project = readProject();
  readonly #env = { KUBECONFIG };

  /** Makes the stack with so many services; nothing of it is in the cluster yet. */
  static async create(services: number): Promise<ScaleStack> {
    const stack = new ScaleStack();
    try {
      await stack.#prepare(services);
      return stack;
    } catch (error) {
      await stack.remove();
      throw error;
    }
  }

  async #prepare(services: number): Promise<void> {
    await this.clear();
    const { key, certificate } = await this.#certificate();
    const settings = settingsOf(services);
    const keyed = Object.entries(settings).map(([name, value]) => [`${this.#project.name}:${name}`, value]);
    rmSync(this.#file, { force: true });
    await this.pulumi.run(ROOT, ["stack", "init", "--no-select", "--stack", STACK]);
    const salt = readFileSync(this.#file, "utf8");
    writeFileSync(this.#file, `${salt}\n${stringify({ config: Object.fromEntries(keyed) as object })}`);
    for (const [name, value] of [
      ["TLS_KEY", key],
      ["TLS_CERTIFICATE", certificate],
    ] as const) {
      const args = ["config", "set", "--secret", "--path", `${this.#project.name}:secrets.${name}`];
      await this.pulumi.run(ROOT, [...args, "--stack", STACK], value);
    }
  }

  /** `pulumi <args>` on this stack, to be measured. */
  command(args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
    return this.pulumi.command(ROOT, [...args, "--stack", STACK], { ...this.#env, ...env });
  }

  /** `kubectl <args>`, to be measured. */
  kubectl(...args: string[]): Command {
    const file = toolPath(CLUSTER_TOOLS.kubernetes);
    return { file, args: ["kubectl", ...args], cwd: this.pulumi.folder, env: this.#env };
  }

  /** A folder for `kubectl apply -k` with every object of the stack, as Pulumi has applied it. */
  async kustomization(): Promise<{ folder: string; objects: number }> {
    const { file, args, cwd, env } = this.command(["stack", "export", "--show-secrets"]);
    const { stdout } = await execa(file, args, { cwd, env });
    const { deployment } = JSON.parse(stdout) as {
      deployment: { resources: { type: string; inputs?: unknown }[] };
    };
    const objects = deployment.resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(({ inputs }) => revealed(inputs) as Applied);
    const folder = join(this.pulumi.folder, "kustomization");
    mkdirSync(folder);
    writeFileSync(join(folder, "objects.yaml"), objects.map((one) => JSON.stringify(one)).join("\n---\n"));
    writeFileSync(join(folder, "kustomization.yaml"), stringify({ resources: ["objects.yaml"] }));
    return { folder, objects: objects.length };
  }

  /** Everything in the namespace runs, and on fake nodes alone. */
  async check(services: number): Promise<void> {
    const ask = ["get", "pods", "--namespace", STACK, "--output", "json"];
    const { items } = JSON.parse((await kubectl(ask)).stdout) as {
      items: { spec: { nodeName?: string }; status: { phase: string } }[];
    };
    const running = items.filter(
      ({ spec, status }) => status.phase === "Running" && /^fake-/.test(spec.nodeName ?? ""),
    );
    const expected = services * REPLICAS + 2;
    if (running.length !== expected || items.length !== expected)
      throw failed(`${running.length} of ${items.length} pods run on fake nodes; expected ${expected}`);
  }

  get namespace(): string {
    return STACK;
  }

  /** The cluster as before: no namespace, and new volumes for the next. */
  async clear(): Promise<void> {
    await must(["delete", "namespace", STACK, "--ignore-not-found", "--timeout=300s"]);
    await must([
      "delete",
      "persistentvolumes",
      "--selector",
      "class=fake",
      "--ignore-not-found",
      "--timeout=60s",
    ]);
    await applyObjects(storage());
  }

  /** Leaves nothing behind, whatever has happened. */
  async remove(): Promise<void> {
    rmSync(this.#file, { force: true });
    this.pulumi.remove();
    await must(["delete", "namespace", STACK, "--ignore-not-found", "--timeout=300s"]);
    await must([
      "delete",
      "persistentvolumes,storageclasses",
      "--selector",
      "class=fake",
      "--ignore-not-found",
    ]);
  }

  get #file(): string {
    return stackPath(this.#project, STACK);
  }

  async #certificate(): Promise<{ key: string; certificate: string }> {
    const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "-", "-subj", "/CN=localhost"];
    const text = await run("openssl", [...args, "-addext", "subjectAltName=DNS:localhost"]);
    const part = (name: string) =>
      new RegExp(`-----BEGIN ${name}-----[^]*-----END ${name}-----\n?`).exec(text)?.[0] ?? "";
    return { key: part("PRIVATE KEY"), certificate: part("CERTIFICATE") };
  }
}

const REPLICAS = 2;

/** Each as a service of a real application is: a port, a route, a database, a budget of disruptions. */
function settingsOf(count: number) {
  const service = (index: number) => ({
    image: "registry.example.com/service",
    port: 8080,
    routes: [index === 0 ? "/" : `/service-${index}`],
    uses: ["database"],
    replicas: REPLICAS,
    health: { path: "/health" },
    environment: { LEVEL: "info" },
  });
  return {
    target: "kubernetes",
    environment: { kind: "local" },
    release: { version: "v1" },
    certificates: { issuer: "given", certificate: "TLS_CERTIFICATE", key: "TLS_KEY" },
    proxy: { httpPort: PORTS.http, httpsPort: PORTS.https },
    storage: { class: STORAGE },
    services: Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`service-${index}`, service(index)]),
    ),
  };
}

function storage(): Applied[] {
  const labels = { class: STORAGE };
  return [
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: STORAGE, labels },
      provisioner: "kubernetes.io/no-provisioner",
    },
    // Of a kind that is tied to no node; no kubelet ever looks for it.
    ...["database", "cache"].map((name) => ({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: `fake-${name}`, labels },
      spec: {
        capacity: { storage: "100Gi" },
        accessModes: ["ReadWriteOnce"],
        storageClassName: STORAGE,
        hostPath: { path: "/nonexistent" },
      },
    })),
  ];
}

const SECRET = "4dabf18193072939515e22adb298388d";

/** Values as `stack export --show-secrets` writes them: secrets are objects with their JSON in it. */
function revealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  if (SECRET in value) return JSON.parse((value as { plaintext?: string }).plaintext ?? "null");
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]));
}
