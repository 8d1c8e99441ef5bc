/** What `tristack render` makes of settings, for tests: the files in a folder, and the objects that they have to become. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { apply, changesOf } from "../../cli/render/folder.ts";
import { kustomize } from "../../cli/render/kustomize.ts";
import { type RenderedStack, renderStack, stacksOf } from "../../cli/render/stacks.ts";
import { type Config, changed } from "./settings.ts";

const PROJECT = "tristack";
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

/** The shipped example of one stack, as its release would have it: images by digest. */
export function exampleSettings(stack: "staging" | "production"): Config {
  const file = new URL(`../../examples/kubernetes/Pulumi.${stack}.yaml`, import.meta.url);
  const { config } = parse(readFileSync(file, "utf8")) as { config: Config };
  const entries = Object.entries(config).map(([key, value]) => [key.replace(`${PROJECT}:`, ""), value]);
  return {
    ...(Object.fromEntries(entries) as Config),
    release: { version: "v1.0.0", digests: { web: digest("a"), api: digest("b") } },
    images: { postgres: `postgres@${digest("c")}`, redis: `redis@${digest("d")}` },
  };
}

/** As the example, with what it has not: an autoscaler, a worker, pull secrets, a certificate of one's own, an Ingress. */
export function otherSettings(): Config {
  const example = exampleSettings("production");
  const worker = {
    image: "ghcr.io/myorg/worker",
    command: ["python", "-m", "worker"],
    health: { command: ["python", "-m", "worker", "--check"] },
    uses: ["database"],
    // Texts that readers of YAML take for something else.
    environment: { YES: "yes", OCTAL: "012", CLOCK: "1:30", EMPTY: "", LINES: "a: 1\n# b\n" },
  };
  const services = { ...(example.services as Config), worker };
  const digests = { ...(example.release as { digests: object }).digests, worker: digest("e") };
  return {
    ...changed({ ...example, services }, ["services", "web", "autoscale"], { maxReplicas: 10 }),
    release: { version: "v1.0.1", digests },
    namespace: "elsewhere",
    proxy: { mode: "ingress" },
    certificates: { issuer: "given", certificate: "TLS_CERTIFICATE", key: "TLS_KEY" },
    pullSecrets: ["REGISTRY_LOGIN"],
    monitoring: { labels: { release: "prometheus" } },
  };
}

/** Writes base and overlays of these stacks into `folder`. */
export async function rendered(folder: string, settings: Record<string, Config>): Promise<RenderedStack[]> {
  const root = mkdtempSync(`${folder}-settings-`);
  for (const [stack, config] of Object.entries(settings)) {
    const keyed = Object.entries(config).map(([key, value]) => [`${PROJECT}:${key}`, value]);
    const text = stringify({ config: Object.fromEntries(keyed) as Config });
    writeFileSync(join(root, `Pulumi.${stack}.yaml`), text);
  }
  const project = { root, name: PROJECT };
  const stacks: RenderedStack[] = [];
  for (const stack of await stacksOf(project, [], new Map())) stacks.push(await renderStack(project, stack));
  const files = kustomize(stacks);
  apply(folder, files, changesOf(folder, files));
  return stacks;
}
