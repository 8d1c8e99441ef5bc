/** Work that somebody watches meanwhile: what they see tells why it failed. */

/**
 * Runs `work` beside `watch`, which ends with it.
 * @param explain throws what the failure is to its caller; it is told what the watch has seen by then
 */
export async function watched<T, Seen>(
  watch: (ended: AbortSignal) => Promise<Seen | undefined>,
  work: () => Promise<T>,
  explain: (error: unknown, seen: Seen | undefined) => Promise<never>,
): Promise<T> {
  const ended = new AbortController();
  const watching = watch(ended.signal);
  try {
    return await work();
  } catch (error) {
    ended.abort();
    return await explain(error, await watching);
  } finally {
    ended.abort();
    await watching;
  }
}
