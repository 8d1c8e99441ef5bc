/** Which database schemas a release works with, as it declares in a file of its image. */
import { z } from "zod";
import type { Docker } from "./docker.ts";
import { failed, messageOf } from "./errors.ts";

/** As in examples/app/api/schema-revisions.json. */
export const schemaRevisions = z.object({
  /** Revision that the release's migrations lead to. */
  head: z.string(),
  /** Revisions that its code works with. */
  worksWith: z.array(z.string()),
  /** Heads of older releases that still work once the schema is at `head`. */
  headAlsoServes: z.array(z.string()).default([]),
});

export type SchemaRevisions = z.infer<typeof schemaRevisions>;

/** Reads the declaration out of an image. Nothing of the image is run. */
export async function readDeclaration(docker: Docker, image: string, path: string): Promise<SchemaRevisions> {
  const id = (await docker.run(["create", image, "true"])).trim();
  try {
    const archive = await docker.run(["cp", `${id}:${path}`, "-"]);
    // A tar of one file: its contents stand between a header, in which there are no braces, and zeros.
    return schemaRevisions.parse(
      JSON.parse(archive.slice(archive.indexOf("{"), archive.lastIndexOf("}") + 1)),
    );
  } catch (error) {
    throw failed(
      `${image}: ${path} does not declare schema revisions: ${messageOf(error).split("\n")[0]}`,
      error,
    );
  } finally {
    // Nobody waits for it.
    docker.try(["rm", "--force", id]).catch(() => undefined);
  }
}

/**
 * Why a release cannot run on the schema that another has left behind; undefined where it can, or where nothing is known.
 * @param current of the release whose migrations ran last
 */
export function incompatibility(target: SchemaRevisions | null, current: SchemaRevisions | null) {
  if (!target || !current || target.head === current.head) return undefined;
  if (target.worksWith.includes(current.head) || current.headAlsoServes.includes(target.head))
    return undefined;
  return (
    `the database's schema is at revision ${current.head}; the release was made for ${target.head}, works with ` +
    `${target.worksWith.join(", ")}, and the release that brought ${current.head} declares to serve ` +
    `${current.headAlsoServes.join(", ") || "no older one"}`
  );
}
