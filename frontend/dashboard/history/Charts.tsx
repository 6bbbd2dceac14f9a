// The drawings, loaded when they are first needed. Each has a table beside it: screen readers pass them by.
import { AxisBottom, AxisLeft } from "@visx/axis";
import { scaleBand, scaleLinear, scaleLog } from "@visx/scale";
import { Bar as Rect, BarStack, BarStackHorizontal, Line } from "@visx/shape";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { colourOf } from "./Chart";
import { type Bar, saidOf, type Series, type Span, took, whenOf } from "./figures";

const HEIGHT = 220;
const MARGIN = { top: 8, right: 8, bottom: 24, left: 44 };
const ROW = 24;
const TICK = { fill: "var(--faint)", fontSize: 11, fontFamily: "var(--font)" } as const;

/** Return a ref and the width of the element it is given to. */
function useWidth() {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  return [place, width] as const;
}

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
  const keys = bars.map((bar) => bar.key);
  const x = scaleBand({ domain: keys, range: [MARGIN.left, right], padding: bars.length > 60 ? 0.1 : 0.2 });
  const y = scaleLinear({ domain: [0, Math.max(4, ...bars.map((bar) => bar.total))], range: [bottom, MARGIN.top], nice: true });
  const every = Math.ceil(bars.length / Math.max(2, Math.floor(width / 110)));
  const shown = at === null ? null : Math.min(at, bars.length - 1);
  const bar = shown === null ? undefined : bars[shown];

  const point = (event: PointerEvent<HTMLDivElement>) => {
    const from = event.clientX - event.currentTarget.getBoundingClientRect().left;
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
        style={{ height: HEIGHT }}
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
          <svg width={width} height={HEIGHT} aria-hidden>
            {y.ticks(4).map((tick) => (
              <Line key={tick} from={{ x: MARGIN.left, y: y(tick) }} to={{ x: right, y: y(tick) }} stroke="var(--line)" />
            ))}
            {bar && <Rect x={x(bar.key)} y={MARGIN.top} width={x.bandwidth()} height={bottom - MARGIN.top} fill="var(--tint-busy)" />}
            <BarStack
              data={bars as Bar[]}
              keys={series.map(({ id }) => id)}
              x={(one) => one.key}
              value={(one, id) => one.counts[id] ?? 0}
              xScale={x}
              yScale={y}
              color={(id) => colourOf(series.findIndex((one) => one.id === id))}
            />
            <AxisLeft scale={y} left={MARGIN.left} numTicks={4} hideAxisLine hideTicks tickFormat={(value) => shortly(Number(value))} tickLabelProps={{ ...TICK, textAnchor: "end", dx: -2, dy: 4 }} />
            <AxisBottom
              scale={x}
              top={bottom}
              stroke="var(--edge)"
              hideTicks
              tickValues={keys.filter((_key, index) => index % every === Math.floor(every / 2))}
              tickFormat={(key) => whenOf(key, unit)}
              tickLabelProps={{ ...TICK, textAnchor: "middle" }}
            />
          </svg>
        )}
      </div>
      <p className="history-said">{said || <span className="faint">Point at a bar, or use the arrow keys, to read it.</span>}</p>
    </div>
  );
}

/** Counts by name as bars that lie, with the name above each. */
export function NamedBars({ bars, series }: { bars: readonly Bar[]; series: readonly Series[] }) {
  const colour = (id: string) => (series.length === 1 ? "var(--accent)" : colourOf(series.findIndex((one) => one.id === id)));
  const [place, width] = useWidth();
  const height = bars.length * ROW * 2;
  const x = scaleLinear({ domain: [0, Math.max(1, ...bars.map((bar) => bar.total))], range: [0, Math.max(1, width - 52)] });
  const y = scaleBand({ domain: bars.map((bar) => bar.key), range: [0, height] });
  return (
    <div ref={place} className="history-drawing" style={{ height }} aria-hidden>
      {width > 0 && (
        <svg width={width} height={height}>
          <BarStackHorizontal
            data={bars as Bar[]}
            keys={series.map(({ id }) => id)}
            y={(one) => one.key}
            value={(one, id) => one.counts[id] ?? 0}
            xScale={x}
            yScale={y}
            color={colour}
          >
            {(stacks) =>
              stacks.flatMap((stack) =>
                stack.bars.map((part) => <Rect key={`${stack.key}:${part.index}`} x={part.x} y={part.y + ROW} width={Math.max(0, part.width)} height={ROW * 0.6} fill={part.color} />),
              )
            }
          </BarStackHorizontal>
          {bars.map((bar) => (
            <g key={bar.key}>
              <text x={0} y={(y(bar.key) ?? 0) + ROW * 0.75} className="history-name">
                <title>{bar.key}</title>
                {shortened(bar.key, Math.floor(width / 7.2))}
              </text>
              <text x={x(bar.total) + 6} y={(y(bar.key) ?? 0) + ROW * 1.47} className="history-value">
                {bar.total.toLocaleString()}
              </text>
            </g>
          ))}
        </svg>
      )}
    </div>
  );
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
  const height = rows.length * ROW * (isWide ? 1.1 : 1.8) + MARGIN.bottom;
  const least = Math.max(0.1, Math.min(...rows.map((row) => row.p50Ms)));
  const most = Math.max(least * 10, ...rows.map((row) => row.p99Ms));
  const x = scaleLog({ domain: [least, most], range: [isWide ? NAMES : 18, Math.max(NAMES + 20, width - 24)], clamp: true, nice: true });
  const y = scaleBand({ domain: rows.map((row) => row.operation), range: [0, height - MARGIN.bottom] });
  const powers = x.ticks(4).filter((tick) => Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6));
  return (
    <div ref={place} className="history-drawing" style={{ height }} aria-hidden>
      {width > 0 && (
        <svg width={width} height={height}>
          {powers.map((tick) => (
            <Line key={tick} from={{ x: x(tick), y: 0 }} to={{ x: x(tick), y: height - MARGIN.bottom }} stroke="var(--line)" />
          ))}
          {rows.map((row) => {
            const top = y(row.operation) ?? 0;
            const middle = top + ROW * (isWide ? 0.55 : 1.3);
            return (
              <g key={row.operation}>
                <text x={0} y={top + ROW * 0.72} className="history-name">
                  {row.operation}
                </text>
                <Line from={{ x: x(Math.max(row.p50Ms, least)), y: middle }} to={{ x: x(Math.max(row.p99Ms, least)), y: middle }} stroke="var(--edge)" strokeWidth={2} />
                {MARKS.map(([mark, colour]) => (
                  <circle key={mark} cx={x(Math.max(row[mark], least))} cy={middle} r={5} fill={colour}>
                    <title>{took(row[mark])}</title>
                  </circle>
                ))}
              </g>
            );
          })}
          <AxisBottom scale={x} top={height - MARGIN.bottom} stroke="var(--edge)" hideTicks tickValues={powers} tickFormat={(value) => took(Number(value)).replace(".0", "")} tickLabelProps={{ ...TICK, textAnchor: "middle" }} />
        </svg>
      )}
    </div>
  );
}

function shortly(value: number): string {
  if (!Number.isInteger(value)) return "";
  return value >= 10_000 ? `${value / 1_000}k` : value.toLocaleString();
}

/** Keep the end of what is too long: the end tells paths apart. */
function shortened(text: string, most: number): string {
  return text.length <= most ? text : `…${text.slice(text.length - Math.max(4, most - 1))}`;
}
