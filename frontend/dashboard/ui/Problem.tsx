// A failure in place of what could not be shown, with the server's hint and a way to try again.
import type { Refused } from "../live/ask";
import { Button } from "./Button";

export function Problem({ error, what, onRetry }: { error: Refused; what: string; onRetry?(): void }) {
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{what} could not be read.</strong> {error.message}
      </p>
      {error.hint && <p>{error.hint}</p>}
      {onRetry && <Button onPress={onRetry}>Try again</Button>}
    </div>
  );
}
