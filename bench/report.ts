/** What a bench hands over: figures, goals, and everything that one must know to judge them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { table } from "../cli/output.ts";
import type { Machine } from "./machine.ts";
import type { Spread } from "./statistics.ts";

export type Unit = "s" | "MiB" | "×" | "requests";

export interface Figure {
  /** What was measured, such as one of the variants. */
  readonly subject: string;
  /** Which of its sides, such as wall time. */
  readonly measure: string;
  readonly unit: Unit;
  readonly spread: Spread;
}

export interface Goal {
  readonly what: string;
  /** The measured value may be this at most. */
  readonly limit: number;
  readonly measured: number;
  readonly unit: Unit;
  readonly met: boolean;
}

export interface Report {
  readonly bench: string;
  readonly command: string;
  readonly machine: Machine;
  /** Counted runs of each subject; one more of each came before as a warm-up. */
  readonly runs: number;
  readonly figures: readonly Figure[];
  readonly goals: readonly Goal[];
  /** What is measured, and how. */
  readonly notes: readonly string[];
  /** Every run by itself. */
  readonly samples: unknown;
}

export function goal(what: string, limit: number, { unit, spread }: Figure): Goal {
  return { what, limit, measured: spread.median, unit, met: spread.median <= limit };
}

/** Saves a report as results/<bench>.json and returns the file's path. */
export function save(report: Report): string {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${report.bench}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

/** A report for the terminal. */
export function asText(report: Report): string {
  const goals = report.goals.map(({ what, limit, measured, unit, met }) => [
    met ? "met" : "MISSED",
    what,
    `${number(measured, unit)}`,
    `goal: at most ${number(limit, unit)}`,
  ]);
  return [table(grid(report.figures)), "", table(goals), "", machineLine(report)].join("\n");
}

/** A report as Markdown; aligning its tables is the formatter's job. */
export function asMarkdown(report: Report): string {
  const [head = [], ...rows] = grid(report.figures);
  const goals = report.goals.map(({ what, limit, measured, unit, met }) =>
    row([what, `≤ ${number(limit, unit)}`, number(measured, unit), met ? "yes" : "**no**"]),
  );
  return [
    `\`${report.command}\`, ${machineLine(report)}`,
    [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n"),
    [row(["goal", "limit", "median", "met"]), row(["---", "---", "---", "---"]), ...goals].join("\n"),
    report.notes.map((note) => `- ${note}`).join("\n"),
  ].join("\n\n");
}

/** One row a subject, one column a measure: "median (min–max)". */
function grid(figures: readonly Figure[]): string[][] {
  const measures = [...new Set(figures.map((figure) => figure.measure))];
  const subjects = [...new Set(figures.map((figure) => figure.subject))];
  const cell = (subject: string, measure: string) => {
    const figure = figures.find((one) => one.subject === subject && one.measure === measure);
    return figure ? spreadText(figure) : "";
  };
  return [
    ["median (min–max)", ...measures],
    ...subjects.map((subject) => [subject, ...measures.map((measure) => cell(subject, measure))]),
  ];
}

function spreadText({ spread, unit }: Figure): string {
  const { median, min, max } = spread;
  return `${number(median, unit)} (${digits(min, unit)}–${digits(max, unit)})`;
}

function number(value: number, unit: Unit): string {
  if (unit === "requests") return digits(value, unit);
  return unit === "×" ? `${digits(value, unit)}×` : `${digits(value, unit)} ${unit}`;
}

function digits(value: number, unit: Unit): string {
  return value.toFixed({ s: 2, MiB: 0, "×": 2, requests: 0 }[unit]);
}

function machineLine({ machine, runs }: Report): string {
  const { date, commit, cpus, memoryGiB, loadBefore, loadAfter, node } = machine;
  return (
    `${date}, commit ${commit}, ${runs} runs each after a warm-up; ${cpus} CPUs, ${memoryGiB} GiB, ${node}, ` +
    `load average ${loadBefore.toFixed(1)} before and ${loadAfter.toFixed(1)} after`
  );
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
