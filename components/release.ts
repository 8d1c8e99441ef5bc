/** Which release a stack runs: what its settings say, or else what it ran last. */
import * as pulumi from "@pulumi/pulumi";
import type { ReleaseSetting } from "./settings.ts";
import type { Owner } from "./shared/labels.ts";

export interface Release {
  /** Tag of the images. */
  version: string;
  /** Git commit it was built from, if known. */
  commit?: string;
  /** Digest of each service's image, as far as known: `sha256:…`. */
  digests: Record<string, string>;
}

/**
 * The release of the settings, or the one in the stack's own last outputs: the version that runs is in no file in git,
 * and a plain `pulumi up` from a fresh clone never changes it.
 * @throws RunError when neither says anything.
 */
export async function currentRelease(setting: ReleaseSetting | undefined, owner: Owner): Promise<Release> {
  const self = new pulumi.StackReference("self", {
    name: `${pulumi.getOrganization()}/${owner.project}/${owner.stack}`,
  });
  if (setting) return setting;
  const details = await self.getOutputDetails("release");
  const value: unknown = details.value;
  if (isRelease(value)) return { version: value.version, commit: value.commit, digests: value.digests ?? {} };
  throw new pulumi.RunError(
    `${owner.project}:release is missing, and the stack "${owner.stack}" runs none yet; needs a version, such as:\n` +
      `  pulumi config set --path release.version v1.0.0 --stack ${owner.stack}`,
  );
}

function isRelease(
  value: unknown,
): value is { version: string; commit?: string; digests?: Record<string, string> } {
  return (
    typeof value === "object" && value !== null && "version" in value && typeof value.version === "string"
  );
}

/** The image of one service in a release: by digest where one is known, otherwise by tag. */
export function imageOf(release: Release, service: string, repository: string): string {
  const digest = release.digests[service];
  return digest ? `${repository}@${digest}` : `${repository}:${release.version}`;
}
