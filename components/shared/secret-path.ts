/** Where secrets lie inside a container, on every target. */

/** Folder of the secrets inside a container. */
export const SECRETS_FOLDER = "/run/secrets";

/** Path of one secret inside a container. */
export function secretPath(name: string): string {
  return `${SECRETS_FOLDER}/${name}`;
}
