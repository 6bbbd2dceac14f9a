// A titled part of a view.
import { type ReactNode, useId } from "react";

export function Panel({ title, count, actions, children, className = "" }: { title: string; count?: number | string; actions?: ReactNode; children: ReactNode; className?: string }) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>
          {title}
          {count !== undefined && <span className="count"> {count}</span>}
        </h2>
        {actions}
      </header>
      {children}
    </section>
  );
}

type Tone = "plain" | "good" | "busy" | "warn" | "bad";

export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>;
}
