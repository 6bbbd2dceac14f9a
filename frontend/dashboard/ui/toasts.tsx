// Short news of what the person just did; kept until read where it went wrong.
import { X } from "lucide-react";
import { Text, UNSTABLE_Toast as Toast, UNSTABLE_ToastContent as ToastContent, UNSTABLE_ToastQueue as ToastQueue, UNSTABLE_ToastRegion as ToastRegion } from "react-aria-components";
import { Refused } from "../live/ask";
import { IconButton } from "./Button";

interface News {
  text: string;
  isBad: boolean;
}

const SHOWN_MS = 6_000;
const queue = new ToastQueue<News>({ maxVisibleToasts: 3 });

export function tell(text: string): void {
  queue.add({ text, isBad: false }, { timeout: SHOWN_MS });
}

/** Tell that something failed, with the server's hint. */
export function tellFailure(error: unknown): void {
  const hint = error instanceof Refused && error.hint ? ` ${error.hint}` : "";
  queue.add({ text: `${error instanceof Error ? error.message : String(error)}${hint}`, isBad: true });
}

export function Toasts() {
  return (
    <ToastRegion queue={queue} className="toasts" aria-label="News">
      {({ toast }) => (
        <Toast toast={toast} className={`toast${toast.content.isBad ? " bad" : ""}`}>
          <ToastContent>
            <Text slot="title">{toast.content.text}</Text>
          </ToastContent>
          <IconButton slot="close" label="Dismiss">
            <X size={16} aria-hidden />
          </IconButton>
        </Toast>
      )}
    </ToastRegion>
  );
}
