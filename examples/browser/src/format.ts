/** Three significant digits at most, without trailing noise: 0.62, 12.4, 140. */
export function number(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

/** Numbers and their units stay on one line. */
const space = '\u00a0';

export const ms = (value: number) => `${number(value)}${space}ms`;

export const percent = (share: number) => `${(100 * share).toFixed(1)}${space}%`;

/** 4.25 M, 381 k. */
export function count(value: number): string {
  if (value >= 1e6) return `${number(value / 1e6)}${space}M`;
  return value >= 1e3 ? `${(value / 1e3).toFixed(0)}${space}k` : String(value);
}

/** `road_vehicles` as people write it. */
export const words = (name: string) => name.replaceAll('_', ' ');
