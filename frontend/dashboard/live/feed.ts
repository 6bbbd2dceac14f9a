// The one subscription of the page: in order, without a hole over lost connections, handed out in batches.
import type { Expired, FeedEvent, FeedItem } from "./events";

/** `refused`: the key does not hold (any more). */
export type FeedState = "connecting" | "catching up" | "live" | "offline" | "refused";

/** What views get, at most ten times a second. `isReset`: what was read before may be out of date, read it anew. */
export type Batch = { events: readonly FeedEvent[]; isReset: boolean };
export type Listener = (batch: Batch) => void;

/** How the feed reaches the server. It reconnects by itself, each time behind the cursor of `position`. */
export interface Line {
  /** Return the cursor at which the feed ends now. */
  head(projects: string[] | null): Promise<string>;
  /** Return some of what happened before, oldest first. */
  before(projects: string[] | null): Promise<readonly FeedEvent[]>;
  follow(projects: string[] | null, position: { after: string }, heard: Heard): () => void;
  /** Drop the connection, so that it is made anew. */
  reconnect(): void;
}

export interface Heard {
  connected(isAgain: boolean): void;
  lost(): void;
  refused(): void;
  /** The subscription is over though nobody stopped it, such as by an error of the server. */
  ended(): void;
  item(item: FeedItem): void;
}

/** What the feed needs of the browser; tests have their own. */
export interface Clock {
  /** Run `work` before a frame that comes soon, or without one when nothing is drawn. */
  frame(work: () => void): void;
  /** Run `work` after so many milliseconds; returns what stops it. */
  after(milliseconds: number, work: () => void): () => void;
}

const QUIET_MS = 400;
const RETRY_MS = 1_500;
const KEPT = 1_000;

export class Feed {
  state: FeedState = "connecting";
  /** The newest 1,000 events, oldest first, some from before the page among them; heartbeats are not. */
  recent: readonly FeedEvent[] = [];
  /** Whether it is known what happened before the page was opened. */
  isPastRead = false;
  /** How many events came since the page was opened. */
  count = 0;

  private readonly listeners = new Set<Listener>();
  private readonly watchers = new Set<() => void>();
  private waiting: FeedEvent[] = [];
  private isReset = false;
  private isFrameAsked = false;
  private seen = new Map<string, number>();
  private position = { after: "" };
  private goal = "";
  private run = 0;
  private stopLine = () => {};
  private stopQuiet = () => {};
  private stopPast = () => {};

  constructor(
    private readonly line: Line,
    private readonly clock: Clock,
  ) {}

  /** Follow these projects (null: all that the key sees) from now on, instead of what was followed. */
  start(projects: string[] | null): void {
    this.stop();
    this.recent = [];
    this.isPastRead = false;
    this.set("connecting");
    void this.begin(this.run, projects);
  }

  stop(): void {
    this.run += 1;
    this.stopLine();
    this.stopQuiet();
    this.stopPast();
    this.waiting = [];
    this.seen.clear();
  }

  /** The network may have changed, or the machine slept: make sure of the connection now. */
  check(): void {
    this.line.reconnect();
  }

  /** Be told of events in batches; returns what ends it. */
  onBatch(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Be told when `state` or `recent` changed. */
  onChange(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  private async begin(run: number, projects: string[] | null): Promise<void> {
    let head: string;
    try {
      head = await this.line.head(projects);
    } catch (error) {
      if (run !== this.run) return;
      if ((error as { code?: string }).code === "FORBIDDEN") {
        this.set("refused");
        return;
      }
      this.set("offline");
      this.stopQuiet = this.clock.after(RETRY_MS, () => void this.begin(run, projects));
      return;
    }
    if (run !== this.run) return;
    this.position = { after: head };
    this.readPast(run, projects);
    this.follow(run, projects, false);
  }

  private readPast(run: number, projects: string[] | null): void {
    this.line.before(projects).then(
      (older) => {
        if (run !== this.run) return;
        this.isPastRead = true;
        this.remember(older, this.recent);
      },
      () => {
        if (run !== this.run) return;
        this.stopPast();
        this.stopPast = this.clock.after(RETRY_MS, () => this.readPast(run, projects));
      },
    );
  }

  private follow(run: number, projects: string[] | null, isAgain: boolean): void {
    const mine = (work: () => void) => () => run === this.run && work();
    this.stopLine = this.line.follow(projects, this.position, {
      connected: (isRetry) => run === this.run && this.connected(run, projects, isAgain || isRetry),
      lost: mine(() => this.set("offline")),
      refused: mine(() => this.set("refused")),
      ended: mine(() => this.followAgain(run, projects)),
      item: (item) => {
        if (run !== this.run) return;
        this.take(item);
        if (item.__typename === "Expired") this.readPast(run, projects);
      },
    });
  }

  private followAgain(run: number, projects: string[] | null): void {
    this.set("offline");
    this.stopQuiet();
    this.stopQuiet = this.clock.after(RETRY_MS, () => {
      this.stopLine();
      this.follow(run, projects, true);
    });
  }

  private connected(run: number, projects: string[] | null, isAgain: boolean): void {
    // Whatever a view read before the feed's beginning, or without a connection, may have changed unseen.
    this.reset();
    this.goal = "";
    if (!isAgain) {
      this.set("live");
      return;
    }
    this.set("catching up");
    this.waitForQuiet();
    this.line.head(projects).then(
      (head) => {
        if (run !== this.run || this.state !== "catching up") return;
        this.goal = head;
        if (this.position.after === head) this.set("live");
      },
      () => {},
    );
  }

  /** The last of the missed events may be one that the key may not see: then silence tells. */
  private waitForQuiet(): void {
    this.stopQuiet();
    this.stopQuiet = this.clock.after(QUIET_MS, () => this.state === "catching up" && this.set("live"));
  }

  private take(item: FeedItem): void {
    this.position.after = item.cursor;
    if (item.__typename === "Expired") {
      this.forget(item);
      return;
    }
    if (item.sequence > 0) {
      if (item.sequence <= (this.seen.get(item.project) ?? 0)) return;
      this.seen.set(item.project, item.sequence);
    }
    this.waiting.push(item);
    this.count += 1;
    this.askFrame();
    if (this.state !== "catching up") return;
    if (item.cursor === this.goal) this.set("live");
    else this.waitForQuiet();
  }

  private forget(expired: Expired): void {
    for (const project of expired.projects) this.seen.delete(project);
    // What followed them is lost: a list with a hole in it would tell of something that was not so.
    this.recent = this.recent.filter((event) => !expired.projects.includes(event.project));
    this.changed();
    this.reset();
  }

  private reset(): void {
    this.isReset = true;
    this.askFrame();
  }

  private askFrame(): void {
    if (this.isFrameAsked) return;
    this.isFrameAsked = true;
    this.clock.frame(() => this.flush());
  }

  private flush(): void {
    this.isFrameAsked = false;
    const batch = { events: this.waiting, isReset: this.isReset };
    this.waiting = [];
    this.isReset = false;
    const told = batch.events.filter((event) => event.__typename !== "HeartbeatEvent");
    for (const listener of this.listeners) listener(batch);
    if (told.length > 0) this.remember(this.recent, told);
  }

  /** What happened while the page opened may come both ways: as the past and live. */
  private remember(older: readonly FeedEvent[], newer: readonly FeedEvent[]): void {
    const known = new Set(older.map(identity));
    this.recent = [...older, ...newer.filter((event) => !known.has(identity(event)))].slice(-KEPT);
    this.changed();
  }

  private set(state: FeedState): void {
    if (this.state === state) return;
    this.state = state;
    if (state !== "catching up") this.stopQuiet();
    this.changed();
  }

  private changed(): void {
    for (const watcher of this.watchers) watcher();
  }
}

function identity(event: FeedEvent): string {
  return `${event.project}:${event.sequence}`;
}
