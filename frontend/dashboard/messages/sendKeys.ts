// Ctrl+Enter, or Cmd+Enter, sends what is written.
import type { KeyboardEvent } from "react";

/** Send the form that the keys were pressed in; for `onKeyDownCapture` of it. */
export function sendByKeys(event: KeyboardEvent<HTMLFormElement>): void {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.nativeEvent.isComposing) return;
  event.preventDefault();
  event.stopPropagation();
  event.currentTarget.requestSubmit();
}
