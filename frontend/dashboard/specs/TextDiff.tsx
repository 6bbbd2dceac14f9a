// What changed between two texts, line by line; what is the same is folded.
import { useMemo, useState } from "react";
import { countOf, type Line, lineDiff, type Span } from "../ui/textDiff";

const MOST_LINES = 1_500;
const SAYS = { same: "", gone: "removed: ", new: "added: " };

export function TextDiff({ before, after, label }: { before: string; after: string; label: string }) {
  const lines = useMemo(() => lineDiff(before, after), [before, after]);
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set());
  const [most, setMost] = useState(MOST_LINES);
  const { came, went } = countOf(lines);
  if (came + went === 0) return <p className="specs-note faint">The text is the same in both.</p>;
  const shown = lines.flatMap((line) => (line.is === "skipped" && unfolded.has(line.key) ? line.lines : [line]));
  return (
    <div className="diff">
      <p className="diff-sum">
        <span className="diff-came">+{came}</span> <span className="diff-went">−{went}</span> <span className="faint">lines</span>
      </p>
      <div className="diff-lines" role="group" aria-label={label} tabIndex={0}>
        <table>
          <tbody>
            {shown.slice(0, most).map((line, index) => (
              <DiffLine key={index} line={line} onUnfold={(key) => setUnfolded(new Set([...unfolded, key]))} />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length > most && (
        <button type="button" className="diff-fold" onClick={() => setMost(most + MOST_LINES)}>
          {shown.length - most} more lines
        </button>
      )}
    </div>
  );
}

function DiffLine({ line, onUnfold }: { line: Line; onUnfold(key: number): void }) {
  if (line.is === "skipped") {
    return (
      <tr>
        <td colSpan={3}>
          <button type="button" className="diff-fold" onClick={() => onUnfold(line.key)}>
            {line.lines.length} lines are the same
          </button>
        </td>
      </tr>
    );
  }
  return (
    <tr data-is={line.is}>
      <td className="diff-number" aria-hidden>
        {line.is !== "new" && line.before}
      </td>
      <td className="diff-number" aria-hidden>
        {line.is !== "gone" && line.after}
      </td>
      <td className="diff-text">
        <span className="sr-only">{SAYS[line.is]}</span>
        <Spans spans={line.spans} is={line.is} />
      </td>
    </tr>
  );
}

function Spans({ spans, is }: { spans: readonly Span[]; is: "same" | "gone" | "new" }) {
  const Mark = is === "gone" ? "del" : "ins";
  return spans.map((span, at) => (span.isOwn ? <Mark key={at}>{span.text}</Mark> : span.text));
}
