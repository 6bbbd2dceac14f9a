// The place beside the board; where there is no room, it stands before it.
import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { IconButton } from "../ui/Button";

export function Side({ title, onClose, children }: { title: string; onClose(): void; children: ReactNode }) {
  const id = useId();
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!place.current?.contains(document.activeElement)) place.current?.focus({ preventScroll: true });
  }, []);
  return (
    <aside
      ref={place}
      className="panel backlog-side"
      aria-labelledby={id}
      tabIndex={-1}
      onKeyDown={(event) => {
        // Not while something is typed: it would be lost.
        const isTyping = (event.target as Element).matches("input, textarea, select");
        if (event.key === "Escape" && !event.defaultPrevented && !isTyping) onClose();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <IconButton label="Close" onPress={onClose}>
          <X size={18} aria-hidden />
        </IconButton>
      </header>
      <div className="backlog-side-body">{children}</div>
    </aside>
  );
}
