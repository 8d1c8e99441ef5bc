/** Who may take a role. */

/** A role's trust in one service of AWS. */
export function trustOf(service: string, actions: readonly string[] = ["sts:AssumeRole"]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Sid: "UsedByTheServiceAlone", Effect: "Allow", Principal: { Service: service }, Action: actions },
    ],
  });
}
