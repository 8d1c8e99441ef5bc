/** Medians and ratios of a few runs. */

/** The middle of some figures, with the extremes that say how noisy they were. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new Error("spread of no figures at all");
  const upper = sorted[Math.floor(sorted.length / 2)] ?? max;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? min;
  return { median: (lower + upper) / 2, min, max };
}

/**
 * Run by run: the first of `a` against the first of `b`, and so on. Runs alternate, so that both halves of a pair saw
 * the machine in the same mood.
 */
export function ratios(a: readonly number[], b: readonly number[]): Spread {
  if (a.length !== b.length) throw new Error(`ratios of ${a.length} figures to ${b.length}`);
  return spread(a.map((value, index) => value / (b[index] ?? Number.NaN)));
}
