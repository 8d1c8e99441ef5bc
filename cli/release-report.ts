/** What a release came to: the proof, for people and for programs. */
import { failed } from "./errors.ts";
import { paint, print, printJson, table } from "./output.ts";
import type { Released } from "./release.ts";

/** Prints it. @throws CliError with exit code 1 when the release did not pass. */
export function report(released: Released, json: boolean): void {
  if (json) printJson(released);
  else printProof(released);
  const { lastDeploy, version, before, runs } = released;
  if (lastDeploy.passed) return;
  const now = before === null ? "Nothing ran before it." : `${runs ?? before} serves.`;
  throw failed(`${version} did not pass: ${lastDeploy.reason ?? "unknown"}\n${now}`);
}

function printProof({ lastDeploy, releaseId, warnings, prunedImages, before, version }: Released): void {
  const { proof, passed, kind } = lastDeploy;
  const { total = 0, ...phases } = proof.seconds;
  const rows = [
    ["release", `${releaseId ?? version}${before === null ? "" : ` (before: ${before})`}`],
    [
      "probe",
      `${proof.requests} requests, ${proof.failed} failed, ${proof.retried} retried, p99 ${proof.p99Milliseconds} ms`,
    ],
    ["traffic", `${proof.traffic.requests} answers of the new release, ${proof.traffic.failed} with 5xx`],
    [
      "time",
      `${total} s: ${Object.entries(phases)
        .map(([phase, seconds]) => `${phase} ${seconds} s`)
        .join(", ")}`,
    ],
  ];
  print(`\n${passed ? paint("green", `${kind} passed`) : paint("red", `${kind} failed`)}`);
  print(table(rows.map(([name = "", text = ""]) => [`  ${name}`, text])));
  if (prunedImages.length > 0) print(`  removed images of older releases: ${prunedImages.join(", ")}`);
  for (const warning of warnings) print(`${paint("yellow", "warning")}: ${warning}`);
}
