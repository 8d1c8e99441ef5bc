/** Labels on everything the stack creates in Docker: how the command line finds what the state never recorded. */

export const LABEL = {
  project: "dev.tristack.project",
  stack: "dev.tristack.stack",
  /** Name of the resource in the program, such as `postgres`. */
  resource: "dev.tristack.resource",
  /** Service of the application, such as `web`. */
  service: "dev.tristack.service",
  /** Migration that had to succeed before the container was created. */
  migration: "dev.tristack.migration",
  /** Release a container belongs to. */
  release: "dev.tristack.release",
  /** When a preview environment may be destroyed. */
  expiresAt: "dev.tristack.expires-at",
} as const;

/** Whose it is: the two labels that together mean "this stack". */
export interface Owner {
  readonly project: string;
  readonly stack: string;
}

/** Labels as @pulumi/docker takes them. */
export function labels(owner: Owner, resource: string, more: Record<string, string> = {}) {
  const all: Record<string, string> = {
    [LABEL.project]: owner.project,
    [LABEL.stack]: owner.stack,
    [LABEL.resource]: resource,
    ...more,
  };
  return Object.entries(all).map(([label, value]) => ({ label, value }));
}
