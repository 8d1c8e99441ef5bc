/** Work on several things at a time. */
import { availableParallelism } from "node:os";

/**
 * @param atOnce most at a time. @default as many as there are processors
 * @returns what came of each, in their order; one that fails stops none of the others
 */
export async function sideBySide<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  atOnce = availableParallelism(),
): Promise<PromiseSettledResult<R>[]> {
  const results: PromiseSettledResult<R>[] = [];
  const left = items.entries();
  const next = async () => {
    for (const [index, item] of left) {
      const [result] = await Promise.allSettled([work(item)]);
      results[index] = result;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  return results;
}

/** The same where nothing may fail. @throws what the first of those that failed said, once all have ended */
export async function allSideBySide<T, R>(...args: Parameters<typeof sideBySide<T, R>>): Promise<R[]> {
  const results = await sideBySide(...args);
  return results.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}
