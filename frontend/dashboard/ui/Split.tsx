// A list and what is opened of it: side by side where there is room, else one after the other.
import "./parts.css";
import "./split.css";
import { ArrowLeft } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";

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
  const rows = useRef<HTMLDivElement>(null);
  const before = useRef(open);
  const [, navigate] = useLocation();
  useEffect(() => {
    if (open !== "" && open !== before.current) {
      place.current?.focus({ preventScroll: true });
      // Under the bar, where the list was scrolled away from it.
      if ((place.current?.getBoundingClientRect().top ?? 0) < 0) place.current?.scrollIntoView({ block: "start" });
    }
    const isLost = document.activeElement === document.body || place.current?.contains(document.activeElement);
    if (open === "" && before.current !== "" && isLost) rowOf(rows.current!, before.current)?.focus();
    before.current = open;
  }, [open]);
  const press = (event: KeyboardEvent<HTMLDivElement>) => {
    const from = event.target as HTMLElement;
    const isOwn = event.currentTarget.contains(from) && from.closest("input, textarea, select, [popover]") === null;
    if (event.key === "Escape" && isOwn && detail !== null && !event.defaultPrevented) navigate(back.to);
  };
  return (
    <div className="split" data-open={detail !== null || undefined}>
      <div className="split-list" ref={rows}>{list}</div>
      <div className="split-detail" ref={place} tabIndex={-1} onKeyDown={press}>
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

/** Return the link of the list that opens a record. */
function rowOf(list: HTMLElement, record: string): HTMLElement | undefined {
  const end = `/${record.split("/").map(encodeURIComponent).join("/")}`;
  return [...list.querySelectorAll("a")].find((link) => link.pathname.endsWith(end));
}
