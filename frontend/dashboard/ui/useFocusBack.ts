// What opens a form in place gets the focus back when the form closes.
import { useEffect, useId, useRef } from "react";

/** Return the id of what opens `key`; it is focused once `open` has gone from that key to null, and the focus with it. */
export function useFocusBack(open: string | null): (key: string) => string {
  const base = useId();
  const before = useRef(open);
  const idOf = (key: string) => `${base}${encodeURIComponent(key)}`;
  useEffect(() => {
    if (open === null && before.current !== null && document.activeElement === document.body) {
      (document.getElementById(idOf(before.current)) ?? document.getElementById("view"))?.focus();
    }
    before.current = open;
  }, [open]);
  return idOf;
}
