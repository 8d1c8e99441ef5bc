/** The sample application on a Kubernetes cluster of one node, which is brought up on this machine for it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { paced, run } from "../../toolchain/command.ts";
import { clusterUp } from "../../toolchain/cluster/cluster.ts";
import { loadImages } from "../../toolchain/cluster/images.ts";
import { KUBECONFIG, PORTS } from "../../toolchain/cluster/layout.ts";
import type { SelfHostedSettings } from "../../components/settings.ts";
import { ensureDocker } from "../../toolchain/docker.ts";
import { type ImageReport, ensureBaseImages } from "../../toolchain/images.ts";
import { ensurePulumi } from "../../toolchain/pulumi.ts";
import { badInput } from "../errors.ts";
import type { Progress } from "../progress.ts";
import type { LocalChanges } from "../local-settings.ts";
import type { Place, StartOptions } from "./place.ts";

const CERTIFICATE = "TLS_CERTIFICATE";
const KEY = "TLS_KEY";
const DAYS = "365";
/** Images of the stack's own parts; the other base images are what the application's own are built from. */
const PARTS = ["postgres", "redis"] as const;

export const clusterPlace: Place = {
  stack: "local-kubernetes",
  title: "a Kubernetes cluster on this machine",
  secrets: [CERTIFICATE, KEY],
  changes,
  check: () => Promise.resolve(),
  docker: () => undefined,
  prepare,
  deliver: (images, progress) =>
    progress.step("Images into the cluster", (say) => loadImages(images, paced(say))),
  makeSecrets: (missing) => (missing.length > 0 ? selfSigned() : Promise.resolve({})),
};

function changes({ httpPort, httpsPort }: StartOptions): Omit<LocalChanges, "version" | "images"> {
  if (httpPort !== undefined || httpsPort !== undefined) {
    throw badInput(
      `--http-port, --https-port: the cluster's router listens on ${PORTS.http} and ${PORTS.https}; needs both to be left out`,
    );
  }
  return { httpPort: PORTS.http, httpsPort: PORTS.https, kubeconfig: KUBECONFIG };
}

async function prepare(_settings: SelfHostedSettings, progress: Progress): Promise<ImageReport> {
  await progress.step("Docker, which builds the images", (say) => ensureDocker({ log: paced(say) }));
  await progress.step("Pulumi's CLI and plugins", (say) =>
    ensurePulumi({ target: "kubernetes", log: paced(say) }),
  );
  const names = [...PARTS, "node", "python"] as const;
  const images = await progress.step("Base images", (say) => ensureBaseImages({ names, log: paced(say) }));
  await progress.step("The cluster", (say) => clusterUp(paced(say)));
  await progress.step("Images of the database and the cache into the cluster", (say) =>
    loadImages(
      PARTS.map((name) => images[name].reference),
      paced(say),
    ),
  );
  return images;
}

/** A certificate of its own for localhost, as the VPS target makes one for itself. */
async function selfSigned(): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "tristack-tls-"));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "crt.pem")];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const files = ["-keyout", key, "-out", certificate];
  try {
    await run("openssl", [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      ...files,
      ...names,
      "-days",
      DAYS,
    ]);
    return { [CERTIFICATE]: await readFile(certificate, "utf8"), [KEY]: await readFile(key, "utf8") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
