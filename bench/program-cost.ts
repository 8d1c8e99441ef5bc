/** What a preview costs by the way its program is written: figures of each, and ratios of the first to all others. */
import type { Sample } from "./measure.ts";
import type { Figure } from "./report.ts";
import { ratios, spread } from "./statistics.ts";

export interface Measured {
  readonly title: string;
  readonly samples: readonly Sample[];
}

const MEASURES = [
  { measure: "wall time", unit: "s", of: (sample: Sample) => sample.seconds },
  {
    measure: "peak memory of the program's Node process",
    unit: "MiB",
    of: (sample: Sample) => sample.nodeMiB,
  },
  { measure: "peak memory of all processes", unit: "MiB", of: (sample: Sample) => sample.treeMiB },
] as const;

/** @returns the figures, and of the first other: the ratios that goals are set for */
export function programCost(ours: Measured, others: readonly Measured[]) {
  const absolute = [ours, ...others].flatMap(({ title, samples }) =>
    MEASURES.map(({ measure, unit, of }): Figure => ({
      subject: title,
      measure,
      unit,
      spread: spread(samples.map(of)),
    })),
  );
  const relative = others.map(({ title, samples }) =>
    MEASURES.map(({ measure, of }): Figure => ({
      subject: `ratio to: ${title}`,
      measure,
      unit: "×",
      spread: ratios(ours.samples.map(of), samples.map(of)),
    })),
  );
  const [time, memory] = relative[0] ?? [];
  if (!time || !memory) throw new Error("no ratio to another one");
  return { figures: [...absolute, ...relative.flat()], time, memory };
}
