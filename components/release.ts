/** Which release a stack runs: what its settings say, or else what it ran last. */
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { type ReleaseSetting, type ApplicationSettings, settingsReport } from "./settings.ts";
import { releaseSettingsSchema } from "./settings/application.ts";
import { breaches } from "./settings/rule-check.ts";
import type { Owner } from "./shared/labels.ts";
import { problemOf } from "./shared/problems.ts";

/** The settings that are part of a release. */
export type ReleaseSettings = z.infer<typeof releaseSettingsSchema>;

export interface Release {
  /** Tag of the images. */
  version: string;
  /** Git commit it was built from, if known. */
  commit?: string;
  /** Digest of each service's image, as far as known: `sha256:…`. */
  digests: Record<string, string>;
  /** Settings that a rollback brought back. They stand in place of the file's until the next deploy. */
  restored?: ReleaseSettings;
  /** The release that goes on running beside this one, until its bake is over. */
  previous?: ReleaseSetting["previous"];
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
  const last = recordedRelease(details.value);
  if (last) return { ...last, restored: last.restored ? last.settings : undefined };
  throw new pulumi.RunError(
    `${owner.project}:release is missing, and the stack "${owner.stack}" runs none yet; needs a version, such as:\n` +
      `  pulumi config set --path release.version v1.0.0 --stack ${owner.stack}`,
  );
}

/** A release as the outputs hold it. */
export interface RecordedRelease {
  id: string;
  version: string;
  commit?: string;
  digests: Record<string, string>;
  /** Settings it was made with; undefined in outputs of before there were any. */
  settings?: ReleaseSettings;
  /** Whether a rollback brought it back. */
  restored: boolean;
}

/** Reads the output `release`; undefined when there is none. */
export function recordedRelease(value: unknown): RecordedRelease | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, version, commit, digests, settings, restored } = value as Record<string, unknown>;
  if (typeof version !== "string") return undefined;
  return {
    id: typeof id === "string" ? id : "",
    version,
    commit: typeof commit === "string" ? commit : undefined,
    digests: (digests ?? {}) as Record<string, string>,
    settings: releaseSettingsSchema.safeParse(settings).data,
    restored: restored === true,
  };
}

/** Only what is part of a release. */
export function releaseSettingsOf({
  services,
  proxy,
}: Pick<ApplicationSettings, "services" | "proxy">): ReleaseSettings {
  return { services, proxy: { bodyLimit: proxy.bodyLimit, timeout: proxy.timeout } };
}

/**
 * The settings with those of another release in their place.
 * @throws RunError where today's settings lack something that it needs, such as a secret.
 */
export function withReleaseSettings<S extends ApplicationSettings>(
  settings: S,
  release: ReleaseSettings,
  owner: Owner,
): S {
  const merged = {
    ...settings,
    services: release.services,
    proxy: { ...settings.proxy, ...release.proxy },
  };
  const findings = [...breaches(merged, [])];
  if (findings.length === 0) return merged;
  const problems = findings.map((finding) =>
    problemOf(finding, merged, { prefix: `${owner.project}:`, hidden: new Set(["secrets"]) }),
  );
  throw new pulumi.RunError(
    `The release cannot run with today's settings.\n${settingsReport(owner.stack, problems)}`,
  );
}

/** The image of one service in a release: by digest where one is known, otherwise by tag. */
export function imageOf(
  release: Pick<Release, "version" | "digests">,
  service: string,
  repository: string,
): string {
  const digest = release.digests[service];
  return digest ? `${repository}@${digest}` : `${repository}:${release.version}`;
}
