// A long list of which only the visible rows exist; rows may differ in height.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type ReactNode, useEffect, useRef } from "react";

interface Props<T> {
  items: readonly T[];
  label: string;
  keyOf(item: T): string;
  row(item: T): ReactNode;
  /** The usual height of a row in pixels. */
  rowHeight?: number;
  className?: string;
  /** The key of what is to be scrolled into sight, once it is among the items. */
  reveal?: string | null;
  /** Told when the person scrolls away from the top, and back to it. */
  onScrolled?(isScrolled: boolean): void;
}

const TOP_PX = 8;

export function VirtualList<T>({ items, label, keyOf, row, rowHeight = 36, className = "", reveal = null, onScrolled }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => keyOf(items[index]!),
    overscan: 8,
  });
  const wanted = reveal === null ? -1 : items.findIndex((item) => keyOf(item) === reveal);
  useEffect(() => {
    if (wanted < 0) return;
    // A list that was hidden knows its height only a frame later.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => virtual.scrollToIndex(wanted));
    });
    return () => cancelAnimationFrame(frame);
  }, [wanted]);
  return (
    // Focusable, so that the arrow keys scroll it. --rows: how high it is at most of use.
    <div ref={box} className={`virtual ${className}`} style={{ "--rows": `${virtual.getTotalSize()}px` } as CSSProperties} tabIndex={0} role="group" aria-label={label} onScroll={(event) => onScrolled?.(event.currentTarget.scrollTop > TOP_PX)}>
      <div role="list" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => (
          <div
            key={key}
            role="listitem"
            data-index={index}
            ref={virtual.measureElement}
            aria-setsize={items.length}
            aria-posinset={index + 1}
            style={{ transform: `translateY(${start}px)` }}
          >
            {row(items[index]!)}
          </div>
        ))}
      </div>
    </div>
  );
}
