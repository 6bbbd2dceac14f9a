// The frame of a chart: what the colours mean, the drawing, and the same as a table.
import { type ReactNode, Suspense } from "react";
import { Empty } from "../ui/Empty";
import { Panel } from "../ui/Panel";
import type { Series } from "./figures";

interface Props {
  title: string;
  series?: readonly Series[];
  /** The colours of the series, where they are not the usual ones. */
  colours?: readonly string[];
  table: { head: readonly string[]; rows: readonly (readonly [key: string, ...cells: (string | number)[]])[] };
  /** What to say where there is nothing to draw; null: there is. */
  empty: { title: string; text: string } | null;
  isRead: boolean;
  /** In rem: what is kept free before it is read. */
  minHeight: number;
  /** What the figures of the axis count. */
  unit?: string;
  note?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** How high, in rem, the legend and the line below a drawing are. */
const AROUND = 6;

export const colourOf = (index: number) => `var(--series-${(index % 6) + 1})`;

export function Chart({ title, series = [], colours, table, empty, isRead, minHeight, unit, note, className = "", children }: Props) {
  return (
    <Panel title={title} className={`history-chart ${className}`}>
      {!isRead ? (
        <div style={{ minHeight: `${minHeight}rem` }} aria-busy />
      ) : empty ? (
        <div style={{ minHeight: `${minHeight}rem` }}>
          <Empty title={empty.title}>
            <p>{empty.text}</p>
          </Empty>
        </div>
      ) : (
        <div className="history-body" style={{ minHeight: `${minHeight}rem` }}>
          {series.length > 1 && (
            <ul className="history-legend" aria-hidden>
              {unit && <li className="history-unit">{unit}:</li>}
              {series.map(({ id, title: name }, index) => (
                <li key={id}>
                  <span className="history-dot" style={{ background: colours?.[index] ?? colourOf(index) }} />
                  {name}
                </li>
              ))}
            </ul>
          )}
          <Suspense fallback={<div style={{ minHeight: `${minHeight - AROUND}rem` }} aria-busy />}>{children}</Suspense>
          {note && <p className="faint history-note">{note}</p>}
          <details>
            <summary>As a table</summary>
            <div className="history-scroll" role="region" aria-label={`${title}, as a table`} tabIndex={0}>
              <table>
                <thead>
                  <tr>
                    {table.head.map((name) => (
                      <th key={name} scope="col">
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {table.rows.map(([key, ...cells]) => (
                    <tr key={key}>
                      <th scope="row">{key}</th>
                      {cells.map((cell, index) => (
                        <td key={index}>{typeof cell === "number" ? cell.toLocaleString() : cell}</td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </details>
        </div>
      )}
    </Panel>
  );
}
