/** What is looked at before a release changes anything: its settings, its images, and what an update would cost. */
import { type Release, type ReleaseSettings, imageOf } from "../components/release.ts";
import type { ApplicationSettings, ReleaseSetting } from "../components/settings.ts";
import type { Carrier } from "./carrier.ts";
import { type StackContext, settingsWith } from "./deploy-context.ts";
import type { Watch } from "./engine.ts";
import { failed } from "./errors.ts";
import type { Progress, Say } from "./progress.ts";
import { usingRelease } from "./release-file.ts";
import type { SchemaRevisions } from "./schema-revisions.ts";

export interface Preparation {
  readonly context: StackContext;
  readonly carrier: Carrier;
  readonly progress: Progress;
}

/** A release that can be brought. */
export interface Prepared {
  readonly settings: ApplicationSettings;
  readonly target: ReleaseSetting;
  readonly schema: SchemaRevisions | null;
}

/** The settings that it runs with: those of the file, or its own where it was gone back to. */
export async function settingsOf(
  { context }: Preparation,
  asked: ReleaseSetting,
): Promise<ApplicationSettings> {
  const file = await settingsWith(context, asked);
  return asked.restored ? withRestored(file, asked.restored) : file;
}

/**
 * Images and, of a deploy, a preview: before anything is changed. Side by side, since a preview takes seconds, and no digest
 * of an image decides what it is asked: whether data would be lost.
 * @param first what the first update of a deploy brings, digests left out; undefined where no preview is needed: of a
 * rollback, and of what changes the release alone
 */
export function prepare(
  job: Preparation,
  settings: ApplicationSettings,
  asked: ReleaseSetting,
  first: ReleaseSetting | undefined,
): Promise<Prepared> {
  return job.progress.step(first ? "Preflight: images, preview" : "Preflight: images", async (say) => {
    const needless = new AbortController();
    const previewed = first ? preview(job, first, { say, signal: needless.signal }) : Promise.resolve();
    // The images' failure comes first, if they have one.
    previewed.catch(() => undefined);
    try {
      const prepared = await images(job.carrier, settings, asked, say);
      await previewed;
      return prepared;
    } catch (error) {
      needless.abort();
      await previewed.catch(() => undefined);
      throw error;
    }
  });
}

async function images(
  carrier: Carrier,
  settings: ApplicationSettings,
  asked: ReleaseSetting,
  say: Say,
): Promise<Prepared> {
  const services = Object.entries(settings.services).map(([service, { image }]) => ({
    service,
    repository: image,
  }));
  const target = { ...asked, digests: { ...(await carrier.images(asked, services, say)) } };
  return { settings, target, schema: await declaration(carrier, settings, target) };
}

function withRestored<S extends ApplicationSettings>(file: S, { services, proxy }: ReleaseSettings): S {
  return { ...file, services, proxy: { ...file.proxy, ...proxy } };
}

/** What the release declares about schemas: the first service that has a declaration speaks for all. */
async function declaration(
  carrier: Carrier,
  settings: ApplicationSettings,
  target: Pick<Release, "version" | "digests">,
): Promise<SchemaRevisions | null> {
  for (const [name, { schemaRevisions: path, image }] of Object.entries(settings.services)) {
    if (path !== undefined) return carrier.declaration(imageOf(target, name, image), path);
  }
  return null;
}

/** A release changes containers; it never costs data. */
async function preview({ context }: Preparation, target: ReleaseSetting, watch: Watch): Promise<void> {
  const { project, file, engine } = context;
  const result = await usingRelease(project, file, target, (configFile) =>
    engine.preview(watch, { configFile }),
  );
  if (result.dataLost.length === 0) return;
  throw failed(
    `The update would delete or replace what holds data: ${result.dataLost.join(", ")}. Nothing was changed. ` +
      `If that is meant: npx pulumi up --stack ${context.stack}`,
  );
}
