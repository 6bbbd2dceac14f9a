// A button with a menu of what it may do: the browser's own popover, which closes and gives the focus back by itself.
import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from "react";

interface Props {
  label: string;
  /** What stands on the button. */
  face: ReactNode;
  className?: string;
  /** `MenuGroup`s; they exist only while the menu is open. */
  children: ReactNode;
}

const LEAST_PX = 240;
const EDGE_PX = 8;

export function ActionMenu({ label, face, className = "button icon quiet", children }: Props) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);

  useLayoutEffect(() => {
    if (!isOpen) return;
    place(box.current!, button.current!.getBoundingClientRect());
    entriesOf(box.current!)[0]?.focus();
  }, [isOpen]);

  const press = (event: KeyboardEvent<HTMLDivElement>) => {
    const entries = entriesOf(event.currentTarget);
    const at = entries.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Tab") box.current!.hidePopover();
    const to = wanted(event.key, at, entries);
    if (to === undefined) return;
    event.preventDefault();
    to.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        title={label}
        popoverTarget={id}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          box.current!.showPopover();
        }}
      >
        {face}
      </button>
      <div
        ref={box}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        className="menu"
        onToggle={(event) => setOpen(event.newState === "open")}
        onKeyDown={press}
        onClick={() => box.current!.hidePopover()}
      >
        {isOpen && children}
      </div>
    </>
  );
}

export function MenuGroup({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <div role="group" aria-labelledby={id}>
      <header id={id}>{title}</header>
      {children}
    </div>
  );
}

export function MenuEntry({ onPress, children }: { onPress(): void; children: ReactNode }) {
  return (
    <button type="button" role="menuitem" tabIndex={-1} onClick={onPress}>
      {children}
    </button>
  );
}

function entriesOf(box: HTMLElement): HTMLElement[] {
  return [...box.querySelectorAll<HTMLElement>('[role="menuitem"]')];
}

/** Return the entry that a key leads to; a letter, to the next one that begins with it. */
function wanted(key: string, at: number, entries: readonly HTMLElement[]): HTMLElement | undefined {
  const count = entries.length;
  if (key === "ArrowDown") return entries[(at + 1) % count];
  if (key === "ArrowUp") return entries[(Math.max(at, 0) - 1 + count) % count];
  if (key === "Home" || key === "End") return entries.at(key === "Home" ? 0 : -1);
  if (key.length !== 1 || key === " ") return undefined;
  const behind = [...entries.slice(at + 1), ...entries.slice(0, at + 1)];
  return behind.find((entry) => entry.textContent?.toLowerCase().startsWith(key.toLowerCase()));
}

/** Put it below its button, or above where there is more room, within the window. */
function place({ style, offsetWidth }: HTMLElement, near: DOMRect) {
  const [below, above] = [innerHeight - near.bottom - EDGE_PX, near.top - EDGE_PX];
  const isBelow = below >= LEAST_PX || below >= above;
  style.left = `${Math.max(EDGE_PX, Math.min(near.left, innerWidth - offsetWidth - EDGE_PX))}px`;
  style.top = isBelow ? `${near.bottom}px` : "auto";
  style.bottom = isBelow ? "auto" : `${innerHeight - near.top}px`;
  style.maxHeight = `${isBelow ? below : above}px`;
}
