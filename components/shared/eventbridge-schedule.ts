/** Schedules as EventBridge has them: a year as well, one kind of day instead of two, and a week that begins with 1 on Sunday. */

/** First and last number of each of cron's five fields; on the days of a week 7 is another Sunday. */
const BOUNDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;
const DAY_OF_WEEK = 4;

/** Whether EventBridge can say it: with both kinds of day, cron means either, or both, and EventBridge neither. */
export function isExpressible(schedule: string): boolean {
  const [, , dayOfMonth, , dayOfWeek] = schedule.split(" ");
  return dayOfMonth === "*" || dayOfWeek === "*";
}

/** @param schedule five fields of cron that `isExpressible` */
export function scheduleExpression(schedule: string): string {
  const [minute, hour, dayOfMonth, month, dayOfWeek] = schedule.split(" ").map(fieldOf);
  // The day that is not asked about is `?`.
  const days = dayOfWeek === "*" ? [dayOfMonth, month, "?"] : ["?", month, dayOfWeek];
  return `cron(${[minute, hour, ...days, "*"].join(" ")})`;
}

/** Numbers alone, as lists of them and of ranges: which steps EventBridge takes, its documentation does not say. */
function fieldOf(field: string, index: number): string {
  const [low, high] = BOUNDS[index] ?? [0, 0];
  const numbers = new Set(field.split(",").flatMap((part) => numbersOf(part, low, high)));
  if (numbers.size > high - low) return "*";
  const shift = index === DAY_OF_WEEK ? 1 : 0;
  return ranges([...numbers].map((number) => number + shift).sort((a, b) => a - b)).join(",");
}

function numbersOf(part: string, low: number, high: number): number[] {
  const [range = "", step] = part.split("/");
  const [first = "", last] = range.split("-");
  const from = range === "*" ? low : Number(first);
  const to = last === undefined ? (range === "*" || step !== undefined ? high : from) : Number(last);
  const count = Math.floor((to - from) / Number(step ?? 1)) + 1;
  const numbers = Array.from({ length: count }, (_, index) => from + index * Number(step ?? 1));
  return high === 6 ? numbers.map((day) => day % 7) : numbers;
}

/** Neighbours together: an expression has 256 characters at most. */
function ranges(sorted: readonly number[]): string[] {
  const runs: [first: number, last: number][] = [];
  for (const number of sorted) {
    const run = runs.at(-1);
    if (run && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
}
