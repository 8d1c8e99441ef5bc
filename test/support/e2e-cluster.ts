/** The sample application on the test cluster, brought up by plain Pulumi as its users do. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { imageName } from "../../cli/images.ts";
import { type Extra, clusterUp } from "../../toolchain/cluster/cluster.ts";
import { kubectl } from "../../toolchain/cluster/kubectl.ts";
import { loadImages } from "../../toolchain/cluster/images.ts";
import { KUBECONFIG, PORTS } from "../../toolchain/cluster/layout.ts";
import { ensureDocker } from "../../toolchain/docker.ts";
import { ensureBaseImages } from "../../toolchain/images.ts";
import { ensurePulumi } from "../../toolchain/pulumi.ts";
import { PROJECT } from "./e2e-clone.ts";
import { type Ran, REPOSITORY, type RunOptions, run, succeeded } from "./e2e-command.ts";
import { docker } from "./e2e-engine.ts";
import { type Answer, type Question, ask } from "./e2e-http.ts";
import { SERVICES, buildSample } from "./e2e-images.ts";
import { type Config, changed } from "./settings.ts";
import { Workspace } from "./e2e-workspace.ts";

export const STACK = "shop";

/** Standard output of kubectl in a namespace; fails when it does. */
export function kubectlIn(namespace: string): (...args: string[]) => Promise<string> {
  return async (...args) => {
    const { failed, stdout, stderr } = await kubectl(["--namespace", namespace, ...args]);
    assert.ok(!failed, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
}

/** Of the stack STACK. */
export const cluster = kubectlIn(STACK);

export interface SiteOptions {
  /** @default STACK */
  stack?: string;
  /** What the cluster has besides. @default nothing */
  extras?: readonly Extra[];
  /** Over the settings that a site has. */
  settings?: Config;
}

export class ClusterSite {
  /** Its namespace is called so, too. */
  readonly stack: string;
  readonly workspace: Workspace;
  /** Version that the first update runs. */
  readonly version: string;
  settings: Config;

  private constructor(stack: string, workspace: Workspace, version: string) {
    this.stack = stack;
    this.workspace = workspace;
    this.version = version;
    this.settings = {};
  }

  /** A cluster, images in it, and a stack that is not up yet. */
  static async create({ stack = STACK, extras = [], settings = {} }: SiteOptions = {}): Promise<ClusterSite> {
    const say = (line: string) => console.log(`    ${line}`);
    await ensureDocker();
    await ensurePulumi({ target: "kubernetes" });
    await clusterUp(say, extras);
    await clear("--selector", `app.kubernetes.io/part-of=${PROJECT}`);
    const workspace = await Workspace.create("cluster");
    const images = await ensureBaseImages();
    const version = await buildSample(stack, images);
    await loadImages(
      [
        images.postgres.reference,
        images.redis.reference,
        images.nginx.reference,
        ...SERVICES.map((name) => imageName(name, version)),
      ],
      say,
    );
    const site = new ClusterSite(stack, workspace, version);
    Object.assign(workspace.env, {
      KUBECONFIG,
      PULUMI_BACKEND_URL: `file://${await workspace.folder("state")}`,
      PULUMI_CONFIG_PASSPHRASE: "e2e",
    });
    const [postgres, redis, courier] = [images.postgres, images.redis, images.nginx].map(
      ({ reference }) => reference,
    );
    await site.#init({ ...settingsOf(version, { postgres, redis, courier }), ...settings });
    return site;
  }

  /** Another stack of the same checkout, with the settings of this one and other secrets, not up yet. */
  async beside(stack: string, domain: string): Promise<ClusterSite> {
    await clear(stack, "--ignore-not-found");
    const site = new ClusterSite(stack, this.workspace, this.version);
    await site.#init({ ...this.settings, domain });
    return site;
  }

  async #init(settings: Config): Promise<void> {
    await this.write(settings);
    succeeded(await this.pulumi("stack", "init", this.stack));
    await this.#secrets();
  }

  async #secrets(): Promise<void> {
    const folder = await this.workspace.folder("tls");
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "crt.pem")];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const files = ["-keyout", key, "-out", certificate];
    const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...files, ...names, "-days", "2"];
    succeeded(await run("openssl", args, { cwd: folder }));
    await this.secret("SECRET_KEY", "an-e2e-secret-of-some-length");
    await this.secret("TLS_KEY", await readFile(key, "utf8"));
    await this.secret("TLS_CERTIFICATE", await readFile(certificate, "utf8"));
  }

  async secret(name: string, value: string): Promise<void> {
    const args = ["config", "set", "--secret", "--path", `secrets.${name}`, "--stack", this.stack];
    succeeded(await this.workspace.pulumi(args, { input: value }));
  }

  /** The stack's file, its secrets kept as they are. */
  async write(settings: Config): Promise<void> {
    this.settings = settings;
    const text = await readFile(this.#file, "utf8").catch(() => "");
    const keyed = Object.entries(settings).map(([key, value]) => [`${PROJECT}:${key}`, value]);
    const [salt = ""] = /^encryptionsalt:.*$/m.exec(text) ?? [];
    const [secrets = ""] = new RegExp(`^  ${PROJECT}:secrets:\n(?:    .*\n)+`, "m").exec(text) ?? [];
    const config = stringify({ config: Object.fromEntries(keyed) as Config }, { lineWidth: 0 });
    await writeFile(this.#file, `${salt}\n${config}${secrets}`);
  }

  change(path: readonly string[], value: unknown): Promise<void> {
    return this.write(changed(this.settings, path, value));
  }

  get #file(): string {
    return join(this.workspace.root, `Pulumi.${this.stack}.yaml`);
  }

  /** Standard output of kubectl in the stack's namespace; fails when it does. */
  kubectl(...args: string[]): Promise<string> {
    return kubectlIn(this.stack)(...args);
  }

  pulumi(...args: string[]): Promise<Ran> {
    return this.workspace.pulumi(args, { timeoutSeconds: 1200 });
  }

  /** `pulumi up`; its end is the test's own matter. */
  up(options: Partial<RunOptions> = {}): Promise<Ran> {
    const args = ["up", "--stack", this.stack, "--yes", "--skip-preview"];
    return this.workspace.pulumi(args, { timeoutSeconds: 1200, ...options });
  }

  preview(...more: string[]): Promise<Ran> {
    return this.pulumi("preview", "--stack", this.stack, "--expect-no-changes", ...more);
  }

  /** The same software under other tags, in Docker and in the cluster. */
  async tag(...versions: string[]): Promise<void> {
    for (const version of versions) {
      for (const name of SERVICES)
        await docker("tag", imageName(name, this.version), imageName(name, version));
      await loadImages(
        SERVICES.map((name) => imageName(name, version)),
        () => undefined,
      );
    }
  }

  readonly origin = `https://localhost:${PORTS.https}`;

  ask(path: string, question?: Question): Promise<Answer> {
    return ask(this.origin + path, question);
  }

  /** Version that answers. */
  async runs(): Promise<string> {
    return String((await this.ask("/api/items")).headers["x-release"]);
  }

  /** The stack goes; the cluster stays, for the next run. */
  async dispose(): Promise<void> {
    await clear(this.stack, "--ignore-not-found");
    await this.workspace.dispose();
  }
}

/** Removes namespaces; of any stack of the tests at first, since an earlier run may have been killed. */
async function clear(...which: string[]): Promise<void> {
  await kubectl(["delete", "namespace", ...which, "--timeout=120s"]);
  await freeVolumes();
}

/** The cluster's volumes are kept when their claims go, as a cloud's would be with `Retain`: emptied for the next run. */
async function freeVolumes(): Promise<void> {
  const list = await kubectl(["get", "persistentvolumes", "--output", "json"]);
  const { items } = JSON.parse(list.stdout) as {
    items: { metadata: { name: string }; spec: { local: { path: string } }; status: { phase: string } }[];
  };
  for (const { metadata, spec } of items.filter(({ status }) => status.phase === "Released")) {
    await run("find", [spec.local.path, "-mindepth", "1", "-delete"], { cwd: REPOSITORY });
    await kubectl(["patch", "persistentvolume", metadata.name, "--type=json", "--patch", FREE]);
  }
}

const FREE = JSON.stringify([{ op: "remove", path: "/spec/claimRef" }]);

function settingsOf(version: string, images: Record<string, string | undefined>): Config {
  return {
    target: "kubernetes",
    environment: { kind: "local" },
    release: { version },
    certificates: { issuer: "given", certificate: "TLS_CERTIFICATE", key: "TLS_KEY" },
    proxy: { httpPort: PORTS.http, httpsPort: PORTS.https },
    images,
    // The node has two processors, and for a moment twice the pods.
    database: { cpu: 1, memory: "512MiB" },
    cache: { cpu: 0.4, memory: "128MiB" },
    services: {
      web: {
        image: "tristack.local/web",
        requests: { cpu: 0.05 },
        port: 3000,
        routes: ["/", "/api/web"],
        health: { path: "/api/health" },
        environment: { API_INTERNAL_URL: "http://api", API_URL: "" },
      },
      api: {
        image: "tristack.local/api",
        requests: { cpu: 0.05 },
        port: 8000,
        routes: ["/api", "/health"],
        uses: ["database", "cache"],
        secrets: ["SECRET_KEY"],
        migrate: ["python", "-m", "alembic", "upgrade", "head"],
        metrics: "/metrics",
        environment: {},
      },
    },
  };
}
