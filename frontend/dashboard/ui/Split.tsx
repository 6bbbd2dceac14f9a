// A list and what is opened of it: side by side where there is room, else one after the other.
import "./parts.css";
import "./split.css";
import { ArrowLeft } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "wouter";

interface Props {
  list: ReactNode;
  /** What is open; null: nothing is. */
  detail: ReactNode | null;
  /** Changes with what is open. */
  open: string;
  back: { to: string; label: string };
  /** Stands in the place of the detail while nothing is open and there is room. */
  nothing: ReactNode;
}

export function Split({ list, detail, open, back, nothing }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const before = useRef(open);
  useEffect(() => {
    if (open !== "" && open !== before.current) {
      place.current?.focus({ preventScroll: true });
      // Under the bar, where the list was scrolled away from it.
      if ((place.current?.getBoundingClientRect().top ?? 0) < 0) place.current?.scrollIntoView({ block: "start" });
    }
    before.current = open;
  }, [open]);
  return (
    <div className="split" data-open={detail !== null || undefined}>
      <div className="split-list">{list}</div>
      <div className="split-detail" ref={place} tabIndex={-1}>
        {detail !== null && (
          <Link href={back.to} className="split-back">
            <ArrowLeft size={16} aria-hidden /> {back.label}
          </Link>
        )}
        {detail ?? nothing}
      </div>
    </div>
  );
}
