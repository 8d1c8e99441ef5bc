/** Images of the sample application, built from this checkout as `tristack start` builds them. */
import {
  type BuildInputs,
  buildImage,
  developmentVersion,
  imageName,
  missingImages,
} from "../../cli/images.ts";
import type { Project } from "../../cli/project.ts";
import type { ImageReport } from "../../toolchain/images.ts";
import { PROJECT } from "./e2e-clone.ts";
import { REPOSITORY } from "./e2e-command.ts";

export const SERVICES = ["web", "api"] as const;

/**
 * Builds what is not there yet.
 * @param stack that they are labelled with
 * @returns their version
 */
export async function buildSample(stack: string, { node, python }: ImageReport): Promise<string> {
  const project = { root: REPOSITORY, name: PROJECT } as Project;
  const inputs: BuildInputs = {
    baseImages: { NODE_IMAGE: node.reference, PYTHON_IMAGE: python.reference },
    owner: { project: PROJECT, stack },
  };
  const version = await developmentVersion(project, SERVICES, inputs);
  for (const name of await missingImages(SERVICES, version)) {
    console.log(`    building ${imageName(name, version)}`);
    await buildImage(project, name, version, inputs, () => undefined);
  }
  return version;
}
