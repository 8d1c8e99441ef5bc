/** What a report says: read from a file, without secrets, no longer than the host takes, and where the rest is. */
import { appendFileSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { badInput, messageOf } from "../errors.ts";
import { cutMarkdown } from "./cut-markdown.ts";
import { type Variables, runPage } from "./environment.ts";
import { masked } from "./masked.ts";

/** Most characters of a body, its marker among them. GitHub takes 65,536. */
export const BODY_LENGTH = 64_000;
/** Of a step's summary in Actions, which takes 1 MiB; a character is 4 bytes at most. */
const SUMMARY_BYTES = 1_000_000;
const SUMMARY_LENGTH = SUMMARY_BYTES / 4;

/** @param file `-`: what comes on stdin. @throws CliError, exit code 2, when it cannot be read, or says nothing. */
export function readReport(file: string): string {
  const text = readText("--file", file);
  if (text.trim() === "") throw badInput(`--file: ${file} is empty; needs Markdown`);
  return text;
}

/** @param option that named it; @throws CliError, exit code 2 */
export function readText(option: string, file: string): string {
  try {
    return readFileSync(file === "-" ? process.stdin.fd : file, "utf8");
  } catch (error) {
    throw badInput(`${option}: ${file} cannot be read (${messageOf(error)}); needs a file, or - for stdin`);
  }
}

export interface ReportBody {
  readonly text: string;
  /** Lines left out. */
  readonly left: number;
}

/**
 * The body without secrets and colours, cut where it is too long: all of it then goes to the summary of the step, where there
 * is one.
 * @param room characters that the marker takes
 */
export function reportBody(raw: string, env: Variables, room: number): ReportBody {
  const text = masked(stripVTControlCharacters(raw), env).replaceAll("\r\n", "\n").trimEnd();
  const page = runPage(env);
  const summary = env.GITHUB_STEP_SUMMARY || undefined;
  const rest =
    summary !== undefined && page !== undefined ? `: all of it is in [the run's summary](${page})` : "";
  const body = cutMarkdown(
    text,
    BODY_LENGTH - room,
    (left, all) => `_${left} of ${all} lines are left out, since this has an end${rest}._`,
  );
  if (body.left > 0 && summary !== undefined) appendFileSync(summary, `${summaryOf(text)}\n`);
  return body;
}

function summaryOf(text: string): string {
  if (Buffer.byteLength(text) <= SUMMARY_BYTES) return text;
  return cutMarkdown(text, SUMMARY_LENGTH, (left, all) => `_${left} of ${all} lines are left out._`).text;
}
