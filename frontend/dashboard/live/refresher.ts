// When a view reads again: soon after something touched it, never twice at a time, so answers come in order.
import type { Clock } from "./feed";

const GAP_MS = 250;
const SLOW_MS = 500;
const LONGEST_REST_MS = 2_000;
/** After so long a failure that may pass is tried again. */
export const RETRY_MS = 3_000;
/** What asking again may mend. */
const PASSING = new Set(["OFFLINE", "UNAVAILABLE", "INTERNAL"]);

export type Outcome<T> = { data: T } | { error: Error };

export class Refresher<T> {
  private isReading = false;
  private isTouched = false;
  private isStopped = false;
  private nextAt = -Infinity;
  private stopWaiting: (() => void) | null = null;
  private stopRetry = () => {};

  constructor(
    private readonly read: () => Promise<T>,
    private readonly show: (outcome: Outcome<T>) => void,
    private readonly clock: Pick<Clock, "after"> & { now(): number },
    private readonly gapMs = GAP_MS,
  ) {}

  /** What was read may be out of date: read again, at most once in `gapMs`; a reading that was slow is followed by a rest as long. */
  touch(): void {
    this.isTouched = true;
    if (this.isStopped || this.isReading || this.stopWaiting) return;
    this.goIn(this.nextAt - this.clock.now());
  }

  private goIn(milliseconds: number): void {
    this.stopRetry();
    if (milliseconds <= 0) {
      void this.go();
      return;
    }
    this.stopWaiting = this.clock.after(milliseconds, () => {
      this.stopWaiting = null;
      void this.go();
    });
  }

  stop(): void {
    this.isStopped = true;
    this.stopWaiting?.();
    this.stopWaiting = null;
    this.stopRetry();
  }

  private async go(): Promise<void> {
    if (this.isStopped) return;
    this.isTouched = false;
    this.isReading = true;
    const began = this.clock.now();
    let outcome: Outcome<T>;
    try {
      outcome = { data: await this.read() };
    } catch (error) {
      outcome = { error: error as Error };
    }
    this.isReading = false;
    if (this.isStopped) return;
    const ended = this.clock.now();
    // A server that is slow to answer one page has other callers to answer, too.
    const rest = ended - began > SLOW_MS ? Math.min(ended - began, LONGEST_REST_MS) : 0;
    this.nextAt = Math.max(began + this.gapMs, ended + rest);
    this.show(outcome);
    if (this.isTouched) this.touch();
    else if ("error" in outcome && isPassing(outcome.error)) this.stopRetry = this.clock.after(RETRY_MS, () => this.touch());
  }
}

export function isPassing(error: Error & { code?: string }): boolean {
  return PASSING.has(error.code ?? "");
}
