// A table that becomes a list of cards where there is no room for columns.
import type { ReactNode } from "react";

export function Table({ label, head, children }: { label: string; head: readonly string[]; children: ReactNode }) {
  return (
    <table className="admin-table" aria-label={label}>
      <thead>
        <tr>
          {head.map((name, index) => (name ? <th key={name} scope="col">{name}</th> : <td key={index} />))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
