/** The images of a release: there before anything is changed, of the host's architecture, named by digest where known. */
import { type Release, imageOf } from "../components/release.ts";
import type { Docker } from "./docker.ts";
import { failed, messageOf } from "./errors.ts";
import type { Say } from "./progress.ts";

const PULL_SECONDS = 900;

export interface ServiceImage {
  readonly service: string;
  /** Without tag or digest. */
  readonly repository: string;
}

interface Inspected {
  Architecture: string;
  RepoDigests: string[] | null;
}

/** The same release with every digest that could be found out; those given are kept. */
export async function fetchImages(
  docker: Docker,
  release: Pick<Release, "version" | "digests">,
  services: readonly ServiceImage[],
  say: Say,
): Promise<Record<string, string>> {
  // Side by side: Docker pulls several at a time.
  const asked = services.map(({ service, repository }) => {
    const reference = imageOf(release, service, repository);
    return { service, repository, reference, found: present(docker, reference, say) };
  });
  for (const one of asked) one.found.catch(() => undefined); // heard of below
  const architecture = await hostArchitecture(docker);
  const digests: Record<string, string> = {};
  const problems: string[] = [];
  for (const { service, repository, reference, found } of asked) {
    try {
      const image = await found;
      if (image.Architecture !== architecture) {
        problems.push(`${service}: ${reference} is for ${image.Architecture}, the host is ${architecture}`);
      }
      const known = image.RepoDigests?.find((one) => one.startsWith(`${repository}@`))?.split("@")[1];
      const digest = release.digests[service] ?? known;
      if (digest) digests[service] = digest;
    } catch (error) {
      problems.push(`${service}: ${reference} cannot be had: ${messageOf(error)}`);
    }
  }
  if (problems.length > 0) throw failed(`${problems.join("\n")}\nNothing was changed.`);
  return digests;
}

/** A tag is asked for again, since it may have moved; what was built on the host itself has no registry to ask. */
async function present(docker: Docker, reference: string, say: Say): Promise<Inspected> {
  const local = await inspect(docker, reference);
  if (local && (reference.includes("@") || !local.RepoDigests?.length)) return local;
  say(`pulling ${reference}`);
  try {
    await docker.run(["pull", "--quiet", reference], PULL_SECONDS);
  } catch (error) {
    if (!local) throw error;
    say(`${reference}: the registry does not answer, the image on the host is used`);
  }
  const pulled = await inspect(docker, reference);
  if (!pulled) throw failed(`docker pull did not bring ${reference}`);
  return pulled;
}

async function inspect(docker: Docker, reference: string): Promise<Inspected | undefined> {
  const text = await docker.try(["image", "inspect", reference]);
  return text === undefined ? undefined : (JSON.parse(text) as Inspected[])[0];
}

/** In the words of images: amd64, arm64. */
async function hostArchitecture(docker: Docker): Promise<string> {
  return (await docker.run(["version", "--format", "{{.Server.Arch}}"])).trim();
}

/** Removes images; those that a container uses stay. Returns the names of those that went. */
export async function pruneImages(docker: Docker, images: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const image of images)
    if ((await docker.try(["image", "rm", image])) !== undefined) removed.push(image);
  return removed;
}
