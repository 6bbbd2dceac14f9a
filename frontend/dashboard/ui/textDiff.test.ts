import { expect, test } from "vitest";
import { countOf, type Line, lineDiff, wordDiff } from "./textDiff";

const short = (line: Line) => (line.is === "skipped" ? `… ${line.lines.length}` : `${line.is} ${line.spans.map((span) => (span.isOwn ? `[${span.text}]` : span.text)).join("")}`);

test("a changed line shows the words that changed", () => {
  expect(lineDiff("a\nthe price in euros\nb", "a\nthe price in cents\nb").map(short)).toEqual([
    "same a",
    "gone the price in [euros]",
    "new the price in [cents]",
    "same b",
  ]);
});

test("lines of both sides have their own numbers", () => {
  const lines = lineDiff("a\nb", "new\na\nb\nc");
  expect(lines).toMatchObject([
    { is: "new", after: 1 },
    { is: "same", before: 1, after: 2 },
    { is: "same", before: 2, after: 3 },
    { is: "new", after: 4 },
  ]);
  expect(countOf(lines)).toEqual({ came: 2, went: 0 });
});

test("what is the same far from any change is folded, with nothing lost", () => {
  const before = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  const after = before.with(10, "something else altogether");
  const lines = lineDiff(before.join("\n"), after.join("\n"));
  expect(lines[0]).toMatchObject({ is: "skipped" });
  expect(lines.map(short)).toContain("… 7");
  const all = lines.flatMap((line) => (line.is === "skipped" ? line.lines : [line]));
  expect(all.filter((line) => line.is !== "new")).toHaveLength(20);
});

test("equal texts are one fold, whether the last line ends or not", () => {
  expect(lineDiff("a\nb\nc", "a\nb\nc\n").map(short)).toEqual(["… 3"]);
  expect(lineDiff("", "")).toEqual([]);
});

test("lines that have nothing in common are not marked word by word", () => {
  expect(lineDiff("one two three\n", "quite different words\n").map(short)).toEqual(["gone one two three", "new quite different words"]);
});

test("each of two texts has its own words marked", () => {
  const { before, after } = wordDiff("a b c", "a x c");
  expect(before.filter((span) => span.isOwn).map((span) => span.text)).toEqual(["b"]);
  expect(after.filter((span) => span.isOwn).map((span) => span.text)).toEqual(["x"]);
});
