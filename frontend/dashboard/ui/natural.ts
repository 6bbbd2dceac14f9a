// The order of names: as a person counts, file2 before file10.
const { compare } = new Intl.Collator(undefined, { numeric: true });

/** Compare two names; names that only look alike still have an order. */
export function natural(one: string, other: string): number {
  return compare(one, other) || (one < other ? -1 : Number(one > other));
}
