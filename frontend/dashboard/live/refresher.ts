// When a view reads again: soon after something touched it, never twice at a time, so answers come in order.
import type { Clock } from "./feed";

const GAP_MS = 250;

export type Outcome<T> = { data: T } | { error: Error };

export class Refresher<T> {
  private isReading = false;
  private isTouched = false;
  private isStopped = false;
  private readAt = -Infinity;
  private stopWaiting: (() => void) | null = null;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly show: (outcome: Outcome<T>) => void,
    private readonly clock: Pick<Clock, "after"> & { now(): number },
    private readonly gapMs = GAP_MS,
  ) {}

  /** What was read may be out of date: read again, at most once each 250 ms. */
  touch(): void {
    this.isTouched = true;
    if (this.isStopped || this.isReading || this.stopWaiting) return;
    const wait = this.readAt + this.gapMs - this.clock.now();
    if (wait > 0) {
      this.stopWaiting = this.clock.after(wait, () => {
        this.stopWaiting = null;
        void this.go();
      });
    } else {
      void this.go();
    }
  }

  stop(): void {
    this.isStopped = true;
    this.stopWaiting?.();
    this.stopWaiting = null;
  }

  private async go(): Promise<void> {
    if (this.isStopped) return;
    this.isTouched = false;
    this.isReading = true;
    this.readAt = this.clock.now();
    let outcome: Outcome<T>;
    try {
      outcome = { data: await this.read() };
    } catch (error) {
      outcome = { error: error as Error };
    }
    this.isReading = false;
    if (this.isStopped) return;
    this.show(outcome);
    if (this.isTouched) this.touch();
  }
}
