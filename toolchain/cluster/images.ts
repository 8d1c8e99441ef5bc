/** Images of the cluster: its own parts that run as pods, and those that it is given from this machine's Docker. */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { failed } from "../../cli/errors.ts";
import { type Log, attempt, run } from "../command.ts";
import { removeDrafts } from "../manifest.ts";
import { cacheFolder } from "../paths.ts";
import { CERTIFICATE_TOOLS, CLUSTER_TOOLS, DELIVERY_TOOLS, type Tool, toolPath } from "../pins.ts";
import { CTR } from "./layout.ts";

/** One image for several: each pod says by its command which of them it is. */
const IMAGES = {
  cluster: [
    CLUSTER_TOOLS.pause,
    CLUSTER_TOOLS.coredns,
    CLUSTER_TOOLS.traefik,
    CLUSTER_TOOLS["metrics-server"],
  ],
  // Pods that answer challenges are started without a command.
  certificates: [CERTIFICATE_TOOLS["cert-manager"]],
  delivery: [DELIVERY_TOOLS.rollouts, DELIVERY_TOOLS.prometheus],
} as const satisfies Record<string, readonly Tool[]>;

/** Pods that answer challenges run in namespaces that let no root in. */
const NOBODY = "65534:65534";

const DRAFT = "cluster-context-";

/** What the API server and registries outside are checked with. */
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/** Reference of an image with programs of the cluster's own; built where it is not there yet. */
export async function ensurePartsImage(name: keyof typeof IMAGES, log: Log): Promise<string> {
  const programs = IMAGES[name];
  const user = name === "certificates" ? `USER ${NOBODY}\n` : "";
  const dockerfile = `FROM scratch\nCOPY root /\n${user}ENTRYPOINT ["/${programs[0].name}"]\n`;
  const reference = `tristack.local/${name}:${inputs(dockerfile, programs)}`;
  if ((await attempt("docker", ["image", "inspect", reference])) !== undefined) return reference;
  log("making the image of the cluster's own parts");
  mkdirSync(cacheFolder(), { recursive: true });
  // Not as the base images' are called: their build, under a lock of its own, removes what others of that name left.
  removeDrafts(cacheFolder(), DRAFT);
  const context = mkdtempSync(cacheFolder(DRAFT));
  try {
    const root = join(context, "root");
    for (const tool of programs) cpSync(toolPath(tool), join(root, tool.name));
    mkdirSync(join(root, "tmp"));
    cpSync(AUTHORITIES, join(root, AUTHORITIES));
    writeFileSync(join(context, "Dockerfile"), dockerfile);
    await run("docker", ["build", "--tag", reference, context], {
      env: { DOCKER_BUILDKIT: "0" },
      what: "docker build of the cluster's parts",
    });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  return reference;
}

function inputs(dockerfile: string, programs: readonly Tool[]): string {
  const hash = createHash("sha256").update(dockerfile);
  for (const tool of programs) hash.update(readFileSync(toolPath(tool)));
  return hash.digest("hex").slice(0, 12);
}

/** Copies images of this machine's Docker into the cluster; those that it has already stay as they are. */
export async function loadImages(references: readonly string[], log: Log): Promise<void> {
  const there = new Set((await run("ctr", [...CTR, "images", "list", "--quiet"])).trim().split("\n"));
  for (const reference of references.filter((one) => !there.has(one))) {
    log(`copying ${reference} into the cluster`);
    const saving = execa("docker", ["save", reference], { buffer: false, reject: false });
    const imported = await saving.pipe("ctr", [...CTR, "images", "import", "-"], { reject: false });
    const { failed: unsaved } = await saving;
    if (!unsaved && !imported.failed) continue;
    throw failed(
      `${reference} could not be copied into the cluster: ${imported.stderr || "docker has no such image"}`,
    );
  }
}
