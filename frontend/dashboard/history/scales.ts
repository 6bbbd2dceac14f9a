// Where numbers lie on a drawing, and which of them its axes name.

type Range = readonly [from: number, to: number];

/** Return the even numbers from 0 that an axis up to `most` names, about `count`; the last is at least `most`. Counts are whole. */
export function evenTicks(most: number, count: number): number[] {
  const rough = Math.max(1, most / count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((part) => part * power >= rough) ?? 10);
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step);
}

/** Return the powers of ten from the last below `least` to the first above `most`; both are over 0. */
export function powerTicks(least: number, most: number): number[] {
  const [low, high] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  return Array.from({ length: high - low + 1 }, (_, index) => Number(`1e${low + index}`));
}

/** Return what places a number between 0 and `most` evenly in the range. */
export function even(most: number, [from, to]: Range): (value: number) => number {
  return (value) => from + (value / most) * (to - from);
}

/** Return what places a number between `least` and `most` by its logarithm; what is outside lies at the end. */
export function logarithmic(least: number, most: number, [from, to]: Range): (value: number) => number {
  const share = (value: number) => Math.log(value / least) / Math.log(most / least);
  return (value) => from + Math.min(1, Math.max(0, share(value))) * (to - from);
}
