// Times in words.
const UNITS: readonly [seconds: number, name: string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
];

// Made once: making one takes longer than hundreds of its answers.
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Return how long ago `at` was, in one unit: "now", "40 s ago", "3 min ago", "2 h ago", "5 d ago". */
export function ago(at: string, now: number): string {
  const seconds = Math.floor((now - Date.parse(at)) / 1000);
  if (Number.isNaN(seconds)) return "";
  // Two clocks are never quite the same: what seems to lie ahead is now.
  if (seconds < 5) return "now";
  return `${span(seconds)} ago`;
}

/** Return for how long it has been so: "just now", "for 40 s", "for 3 min". */
export function lasting(since: string, now: number): string {
  const said = ago(since, now);
  return said === "now" ? "just now" : said && `for ${said.slice(0, -" ago".length)}`;
}

/** Return a length of time in its largest unit. */
export function span(seconds: number): string {
  for (const [size, name] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)} ${name}`;
  return `${Math.max(0, Math.floor(seconds))} s`;
}

/** Return a time to the second, in the reader's zone and language. */
export function exact(at: string): string {
  const time = Date.parse(at);
  return Number.isNaN(time) ? "" : EXACT.format(time);
}
