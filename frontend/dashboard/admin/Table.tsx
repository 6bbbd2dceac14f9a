// A table that becomes a list of cards where there is no room for columns. The focus outlives the row that it was in.
import { type FocusEvent, type ReactNode, useEffect, useRef } from "react";

export function Table({ label, head, children }: { label: string; head: readonly string[]; children: ReactNode }) {
  const keeps = useRowFocus();
  return (
    <table className="admin-table" aria-label={label} {...keeps}>
      <thead>
        <tr>
          {head.map((name, index) => (name ? <th key={name} scope="col">{name}</th> : <td key={index} />))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

/** Give the focus of a row that went to the one in its place, or to the panel's heading where none is left. */
function useRowFocus() {
  const table = useRef<HTMLTableElement>(null);
  const focused = useRef<{ row: HTMLTableRowElement; at: number } | null>(null);
  useEffect(() => {
    const was = focused.current;
    if (!was || was.row.isConnected || !isLost()) return;
    const rows = table.current!.tBodies[0]!.rows;
    const next = rows[Math.min(was.at, rows.length - 1)];
    (next?.querySelector<HTMLElement>(".admin-acts button") ?? next?.querySelector<HTMLElement>("a, button"))?.focus();
  });
  useEffect(() => {
    const heading = table.current!.closest(".panel")?.querySelector("h2");
    return () => {
      if (!focused.current || !heading || !isLost()) return;
      heading.tabIndex = -1;
      heading.focus();
    };
  }, []);
  return {
    ref: table,
    onFocus({ target }: FocusEvent) {
      const row = target.closest("tr");
      focused.current = row && { row, at: row.sectionRowIndex };
    },
    onBlur({ relatedTarget, currentTarget }: FocusEvent) {
      // A question that is asked gives it back; a row that goes leaves it nowhere.
      const isKept = !relatedTarget || currentTarget.contains(relatedTarget) || relatedTarget.closest("[role$=dialog]");
      if (!isKept) focused.current = null;
    },
  };
}

function isLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
