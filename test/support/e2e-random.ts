/** Random numbers that can be repeated: TRISTACK_SEED, or a new seed, which the caller prints. */
export function seed(): number {
  const given = process.env.TRISTACK_SEED;
  if (given === undefined || given === "") return Math.floor(Math.random() * 2 ** 31);
  if (!/^\d{1,10}$/.test(given))
    throw new Error(`TRISTACK_SEED is ${JSON.stringify(given)}; needs a whole number`);
  return Number(given);
}

/** Numbers from 0 (included) to 1 (not included), always the same for one seed (mulberry32). */
export function randomNumbers(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
