// The drawings, loaded when they are first needed. Each has a table beside it: screen readers pass them by.
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { colourOf } from "./Chart";
import { type Bar, namedBelow, saidOf, type Series, type Span, took, whenOf } from "./figures";
import { even, evenTicks, logarithmic, powerTicks } from "./scales";

const HEIGHT = 220;
const MARGIN = { top: 8, right: 8, bottom: 24, left: 44 };
const ROW = 24;

/** The page's letters are as high as this where a unit of a drawing is a pixel; drawings grow with them. */
const REM = 15;

/** Return a ref, and the width in the drawing's units of the element it is given to. */
function useWidth() {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width / unitPx())));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  return [place, width] as const;
}

function unitPx(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / REM;
}

const inRem = (units: number) => `${units / REM}rem`;

interface TimeBarsProps {
  label: string;
  bars: readonly Bar[];
  series: readonly Series[];
  unit: Span["unit"];
}

/** Counts over time as stacked bars; one is chosen by pointing or with the arrow keys and said below. */
export function TimeBars({ label, bars, series, unit }: TimeBarsProps) {
  const [place, width] = useWidth();
  const [at, setAt] = useState<number | null>(null);
  const right = Math.max(width - MARGIN.right, MARGIN.left + 1);
  const bottom = HEIGHT - MARGIN.bottom;
  const step = (right - MARGIN.left) / bars.length;
  const gap = step * (bars.length > 60 ? 0.1 : 0.2);
  const x = (index: number) => MARGIN.left + index * step + gap / 2;
  const ticks = evenTicks(Math.max(4, ...bars.map((bar) => bar.total)), 4);
  const y = even(ticks.at(-1)!, [bottom, MARGIN.top]);
  const named = namedBelow(bars, unit, Math.max(2, Math.floor(width / 80)));
  const shown = at === null ? null : Math.min(at, bars.length - 1);
  const bar = shown === null ? undefined : bars[shown];

  const point = (event: PointerEvent<HTMLDivElement>) => {
    const from = (event.clientX - event.currentTarget.getBoundingClientRect().left) / unitPx();
    const place = Math.floor(((from - MARGIN.left) / (right - MARGIN.left)) * bars.length);
    setAt(Math.min(bars.length - 1, Math.max(0, place)));
  };
  const press = (event: KeyboardEvent) => {
    const last = bars.length - 1;
    const to = { ArrowLeft: (shown ?? last + 1) - 1, ArrowRight: (shown ?? -1) + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setAt(Math.min(last, Math.max(0, to)));
  };
  const said = bar ? `${whenOf(bar.key, unit)}: ${saidOf(bar, series)}` : "";
  return (
    <div>
      <div
        ref={place}
        className="history-drawing"
        style={{ height: inRem(HEIGHT) }}
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={bars.length - 1}
        aria-valuenow={shown ?? bars.length - 1}
        aria-valuetext={said || "none chosen"}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={(event) => event.pointerType === "mouse" && setAt(null)}
        onBlur={() => setAt(null)}
        onKeyDown={press}
      >
        {width > 0 && (
          <svg viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden>
            {ticks.map((tick) => (
              <g key={tick}>
                <line x1={MARGIN.left} x2={right} y1={y(tick)} y2={y(tick)} stroke="var(--line)" />
                <text x={MARGIN.left - 8} y={y(tick) + 4} textAnchor="end" className="history-value">
                  {shortly(tick)}
                </text>
              </g>
            ))}
            {shown !== null && <rect x={x(shown)} y={MARGIN.top} width={step - gap} height={bottom - MARGIN.top} fill="var(--tint-busy)" />}
            {bars.map((one, index) =>
              stacked(one, series).map(({ id, from, to, place }) => (
                <rect key={`${one.key}:${id}`} x={x(index)} y={y(to)} width={step - gap} height={y(from) - y(to)} fill={colourOf(place)} />
              )),
            )}
            <line x1={MARGIN.left} x2={right} y1={bottom} y2={bottom} stroke="var(--edge)" />
            {named.map(({ index, text }) => (
              <text key={index} x={Math.min(x(index) + (step - gap) / 2, right - 22)} y={bottom + 16} textAnchor="middle" className="history-value">
                {text}
              </text>
            ))}
          </svg>
        )}
      </div>
      <p className="history-said">{said || <span className="faint">Point at a bar, or use the arrow keys, to read it.</span>}</p>
    </div>
  );
}

/** Counts by name as bars that lie, with the name above each. */
export function NamedBars({ bars, series }: { bars: readonly Bar[]; series: readonly Series[] }) {
  const [place, width] = useWidth();
  const height = bars.length * ROW * 2;
  const x = even(Math.max(1, ...bars.map((bar) => bar.total)), [0, Math.max(1, width - 52)]);
  return (
    <div ref={place} className="history-drawing" style={{ height: inRem(height) }} aria-hidden>
      {width > 0 && (
        <svg viewBox={`0 0 ${width} ${height}`}>
          {bars.map((bar, index) => (
            <g key={bar.key} transform={`translate(0 ${index * ROW * 2})`}>
              <text x={0} y={ROW * 0.75} className="history-name">
                <title>{bar.key}</title>
                {shortened(bar.key, Math.floor(width / 7.2))}
              </text>
              {stacked(bar, series).map(({ id, from, to, place }) => (
                <rect key={id} x={x(from)} y={ROW} width={x(to) - x(from)} height={ROW * 0.6} fill={series.length === 1 ? "var(--accent)" : colourOf(place)} />
              ))}
              <text x={x(bar.total) + 6} y={ROW * 1.47} className="history-value">
                {bar.total.toLocaleString()}
              </text>
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}

/** Return where each series of a bar begins and ends, one upon the other; those without a count are left out. */
function stacked(bar: Bar, series: readonly Series[]) {
  let from = 0;
  return series.flatMap(({ id }, place) => {
    const count = bar.counts[id] ?? 0;
    const part = { id, place, from, to: from + count };
    from += count;
    return count > 0 ? [part] : [];
  });
}

export interface Latency {
  operation: string;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

const MARKS = [
  ["p50Ms", "var(--good)"],
  ["p95Ms", "var(--warn)"],
  ["p99Ms", "var(--bad)"],
] as const;
/** From here on there is room for the names beside the lines. */
const WIDE = 480;
const NAMES = 190;

/** Half, 95 and 99 of 100 calls, from left to right on one logarithmic scale. */
export function Ranges({ rows }: { rows: readonly Latency[] }) {
  const [place, width] = useWidth();
  const isWide = width >= WIDE;
  const rowHeight = ROW * (isWide ? 1.1 : 1.8);
  const bottom = rows.length * rowHeight;
  const height = bottom + MARGIN.bottom;
  const least = Math.max(0.1, Math.min(...rows.map((row) => row.p50Ms)));
  const powers = powerTicks(least, Math.max(least * 10, ...rows.map((row) => row.p99Ms)));
  const x = logarithmic(powers[0]!, powers.at(-1)!, [isWide ? NAMES : 18, Math.max(NAMES + 20, width - 24)]);
  return (
    <div ref={place} className="history-drawing" style={{ height: inRem(height) }} aria-hidden>
      {width > 0 && (
        <svg viewBox={`0 0 ${width} ${height}`}>
          {powers.map((tick) => (
            <g key={tick}>
              <line x1={x(tick)} x2={x(tick)} y1={0} y2={bottom} stroke="var(--line)" />
              <text x={x(tick)} y={bottom + 16} textAnchor="middle" className="history-value">
                {took(tick).replace(".0", "")}
              </text>
            </g>
          ))}
          {rows.map((row, index) => {
            const top = index * rowHeight;
            const middle = top + ROW * (isWide ? 0.55 : 1.3);
            return (
              <g key={row.operation}>
                <text x={0} y={top + ROW * 0.72} className="history-name">
                  {row.operation}
                </text>
                <line x1={x(row.p50Ms)} x2={x(row.p99Ms)} y1={middle} y2={middle} stroke="var(--edge)" strokeWidth={2} />
                {MARKS.map(([mark, colour]) => (
                  <circle key={mark} cx={x(row[mark])} cy={middle} r={5} fill={colour}>
                    <title>{took(row[mark])}</title>
                  </circle>
                ))}
              </g>
            );
          })}
          <line x1={x(powers[0]!)} x2={x(powers.at(-1)!)} y1={bottom} y2={bottom} stroke="var(--edge)" />
        </svg>
      )}
    </div>
  );
}

function shortly(value: number): string {
  return value >= 10_000 ? `${value / 1_000}k` : value.toLocaleString();
}

/** Keep the end of what is too long: the end tells paths apart. */
function shortened(text: string, most: number): string {
  return text.length <= most ? text : `…${text.slice(text.length - Math.max(4, most - 1))}`;
}
