/** Whose comment or issue it is. A marker is a text that anybody may write: somebody else's is never taken for ours. */

/** Octokit makes a bigint of what is too large for a number. */
export type Id = number | bigint;

export interface Author {
  readonly login: string;
  readonly id: Id;
}

/** @param viewer whom the token speaks for; undefined: not known, so that everybody's counts */
export function isBy(author: Author | null | undefined, viewer: Author | undefined): boolean {
  return viewer === undefined || String(author?.id) === String(viewer.id);
}
