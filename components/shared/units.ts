/** Sizes and durations as people write them in `Pulumi.<stack>.yaml`, and as Docker and nginx want them. */

const MEBIBYTES = { MiB: 1, GiB: 1024 } as const;
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

export const SIZE_PATTERN = /^(\d{1,6})(MiB|GiB)$/;
export const DURATION_PATTERN = /^(\d{1,5})(s|m|h|d)$/;

/** `"1GiB"` as mebibytes (1024). The settings have checked the pattern; anything else is a mistake in this program. */
export function mebibytes(size: string): number {
  const [, amount, unit] = SIZE_PATTERN.exec(size) ?? [];
  if (amount === undefined) throw new Error(`not a size: ${size}`);
  return Number(amount) * MEBIBYTES[unit as keyof typeof MEBIBYTES];
}

/** `"2m"` as seconds (120). */
export function seconds(duration: string): number {
  const [, amount, unit] = DURATION_PATTERN.exec(duration) ?? [];
  if (amount === undefined) throw new Error(`not a duration: ${duration}`);
  return Number(amount) * SECONDS[unit as keyof typeof SECONDS];
}

/**
 * `"2m"` as `"2m0s"`: the way Go prints a duration. Docker reads a health check's times back in this form, and any
 * other spelling of the same time shows up as a change in every preview for ever.
 */
export function goDuration(duration: string): string {
  const total = seconds(duration);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const rest = total % 60;
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}
