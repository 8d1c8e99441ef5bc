/**
 * Images of a release in ECR: by digest, and for the processors that the functions have. Lambda takes no index of
 * several platforms, which is what buildx pushes by default: of one, the image for our platform is taken.
 */
import {
  BatchGetImageCommand,
  type ECRClient,
  GetDownloadUrlForLayerCommand,
  type Image,
} from "@aws-sdk/client-ecr";
import type { Release } from "../../components/release.ts";
import type { AwsSettings } from "../../components/settings.ts";
import type { Digests, ServiceImage } from "../carrier.ts";
import { failed } from "../errors.ts";
import { asked } from "./asked.ts";

/** As images name processors: https://go.dev/doc/install/source#environment */
const PLATFORM = { arm64: "arm64", x86_64: "amd64" } as const;

interface Manifest {
  readonly config?: { readonly digest: string };
  /** Of an index. */
  readonly manifests?: readonly {
    readonly digest: string;
    readonly platform?: { readonly os?: string; readonly architecture?: string };
  }[];
}

interface Place {
  readonly registryId: string;
  readonly repositoryName: string;
}

/** @throws CliError naming each image that is not there, or is for other processors */
export async function imagesInEcr(
  registry: ECRClient,
  architecture: AwsSettings["architecture"],
  release: Pick<Release, "version" | "digests">,
  services: readonly ServiceImage[],
): Promise<Digests> {
  const found = await Promise.all(
    services.map(async ({ service, repository }) => {
      const digest = release.digests[service];
      const id = digest === undefined ? { imageTag: release.version } : { imageDigest: digest };
      const name = digest === undefined ? `${repository}:${release.version}` : `${repository}@${digest}`;
      return { service, ...(await look(registry, placeOf(repository), id, { name, architecture })) };
    }),
  );
  const problems = found.flatMap((one) => ("problem" in one ? [one.problem] : []));
  if (problems.length > 0) throw failed(problems.join("\n"));
  return Object.fromEntries(found.flatMap((one) => ("digest" in one ? [[one.service, one.digest]] : [])));
}

async function look(
  registry: ECRClient,
  place: Place,
  id: { imageTag: string } | { imageDigest: string },
  wanted: { name: string; architecture: AwsSettings["architecture"] },
): Promise<{ digest: string } | { problem: string }> {
  const { name } = wanted;
  const platform = PLATFORM[wanted.architecture];
  const image = await imageOf(registry, place, id);
  const digest = image?.imageId?.imageDigest;
  if (!image || digest === undefined) return { problem: `${name} is not in the registry` };
  const manifest = JSON.parse(image.imageManifest ?? "{}") as Manifest;
  const others = (is: string) => ({
    problem: `${name} is for ${is}; needs linux/${platform}, since architecture is ${wanted.architecture}`,
  });
  if (manifest.manifests) {
    // What buildx attests of the others has the platform "unknown".
    const known = manifest.manifests.filter(({ platform: one }) => one?.os === "linux");
    const ours = known.find(({ platform: one }) => one?.architecture === platform);
    if (ours) return { digest: ours.digest };
    return others(known.map((one) => `linux/${one.platform?.architecture ?? "?"}`).join(", ") || "nothing");
  }
  const architecture = await architectureOf(registry, place, manifest);
  return architecture === undefined || architecture === platform
    ? { digest }
    : others(`linux/${architecture}`);
}

async function imageOf(
  registry: ECRClient,
  place: Place,
  id: { imageTag: string } | { imageDigest: string },
): Promise<Image | undefined> {
  const request = new BatchGetImageCommand({
    ...place,
    imageIds: [id],
    acceptedMediaTypes: [
      "application/vnd.oci.image.index.v1+json",
      "application/vnd.oci.image.manifest.v1+json",
      "application/vnd.docker.distribution.manifest.list.v2+json",
      "application/vnd.docker.distribution.manifest.v2+json",
    ],
  });
  return (await asked(registry.send(request))).images?.[0];
}

/** Undefined where the registry does not hand out what describes the image: Lambda tells then. */
async function architectureOf(
  registry: ECRClient,
  place: Place,
  { config }: Manifest,
): Promise<string | undefined> {
  if (!config) return undefined;
  try {
    const request = new GetDownloadUrlForLayerCommand({ ...place, layerDigest: config.digest });
    const { downloadUrl = "" } = await registry.send(request);
    const { architecture } = (await (await fetch(downloadUrl)).json()) as { architecture?: string };
    return architecture;
  } catch {
    return undefined;
  }
}

/** 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/api */
function placeOf(repository: string): Place {
  const [, registryId = "", repositoryName = ""] = /^(\d{12})\.[^/]+\/(.+)$/.exec(repository) ?? [];
  return { registryId, repositoryName };
}
