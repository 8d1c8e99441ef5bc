/** AWS's errors in the user's words. */
import { failed, messageOf } from "../errors.ts";

/** How its services call what is not there. */
const MISSING = [
  "ResourceNotFoundException",
  "NoSuchKey",
  "NoSuchBucket",
  "NotFound",
  "DBInstanceNotFoundFault",
];

/** What AWS answers. @throws CliError in AWS's own words */
export async function asked<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw awsError(error);
  }
}

/** The same; undefined where it has no such thing. */
export async function orIfMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNamed(error, ...MISSING)) return undefined;
    throw awsError(error);
  }
}

export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

function awsError(error: unknown): Error {
  const name = error instanceof Error ? error.name : "";
  if (name === "CredentialsProviderError")
    return failed(
      `There are no credentials for AWS: ${messageOf(error)}; needs AWS_PROFILE, or what \`aws configure\` sets`,
      error,
    );
  const answered = typeof error === "object" && error !== null && "$metadata" in error;
  if (!answered) return failed(`AWS cannot be reached: ${messageOf(error)}`, error);
  return failed(`AWS says no (${name}): ${messageOf(error)}`, error);
}
