// What was shown stays while what follows it is read, so that nothing jumps.
import { useRef } from "react";

/** Return `value`, or the last one there was while it is undefined; and whether it is such an older one. */
export function useKept<T>(value: T | undefined): [kept: T | undefined, isOld: boolean] {
  const last = useRef(value);
  if (value !== undefined) last.current = value;
  return [last.current, value === undefined && last.current !== undefined];
}
