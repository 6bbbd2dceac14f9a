// All cards of the projects shown: read page by page, then moved by events; of two words on a card the newer counts.
import type { FeedEvent } from "../live/events";
import { isPassing, RETRY_MS } from "../live/refresher";
import { type Card, CLOSED_STATUSES, OPEN_STATUSES } from "./cards";
import type { BacklogStatus } from "./documents";

export interface Page {
  nodes: readonly Card[];
  /** How many there are in all; only with the first page. */
  total?: number | null;
  next: string | null;
}

/** Where the cards come from. */
export interface Source {
  page(project: string, status: BacklogStatus, after: string | null): Promise<Page>;
  /** Return one card; it fails where there is none any more. */
  card(id: string): Promise<Card>;
}

export interface Column {
  /** How many the server has beyond those that are read; 0 when all are. */
  unread: number;
  /** Whether a next page can be asked for. */
  hasMore: boolean;
}

/** What is shown: it is replaced, never changed. */
export interface Snapshot {
  cards: ReadonlyMap<string, Card>;
  columns: ReadonlyMap<BacklogStatus, Column>;
  /** Whether each column has had its first page. */
  isRead: boolean;
  error: Error | null;
}

interface Part {
  project: string;
  status: BacklogStatus;
  next: string | null;
  total: number;
  /** How many of `total` were read. */
  read: number;
  isRead: boolean;
  isReading: boolean;
}

const MOST_OPEN = 5_000;
const SHOW_MS = 80;
const AT_A_TIME = 4;
const EMPTY: Snapshot = { cards: new Map(), columns: new Map(), isRead: false, error: null };

export class Board {
  snapshot: Snapshot = EMPTY;

  private cards = new Map<string, Card>();
  private parts: Part[] = [];
  private statuses: readonly BacklogStatus[] = OPEN_STATUSES;
  /** The cards that the present run of reading, or an event since its start, has told of. */
  private told = new Set<string>();
  /** The cards that are asked for one by one, and whether to ask again as something happened meanwhile. */
  private asked = new Map<string, boolean>();
  private run = 0;
  private error: Error | null = null;
  private isShowAsked = false;
  private readonly watchers = new Set<() => void>();

  constructor(
    private readonly source: Source,
    private projects: readonly string[],
    private readonly after: (milliseconds: number, work: () => void) => void,
  ) {}

  onChange = (changed: () => void): (() => void) => {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  };

  /** Read all open cards, and the first page of each closed column if they are wanted. */
  read(): void {
    this.run += 1;
    this.told = new Set();
    this.error = null;
    this.parts = this.projects.flatMap((project) => this.statuses.map((status) => partOf(project, status)));
    void this.readParts(this.parts, this.run);
  }

  /** Show closed columns, too. */
  withClosed(isWanted: boolean): void {
    const wanted = isWanted ? [...OPEN_STATUSES, ...CLOSED_STATUSES] : OPEN_STATUSES;
    if (wanted.length === this.statuses.length) return;
    this.statuses = wanted;
    this.parts = this.parts.filter((part) => wanted.includes(part.status));
    const added = this.projects.flatMap((project) =>
      wanted.filter((status) => !this.parts.some((part) => part.project === project && part.status === status)).map((status) => partOf(project, status)),
    );
    this.parts.push(...added);
    if (this.run > 0) void this.readParts(added, this.run);
  }

  /** Show these projects: what comes is read, what goes is forgotten, the others stay as they are. */
  of(projects: readonly string[]): void {
    const come = projects.filter((project) => !this.projects.includes(project));
    const isSame = come.length === 0 && projects.length === this.projects.length;
    this.projects = projects;
    if (isSame || this.run === 0) return;
    for (const card of this.cards.values()) if (!projects.includes(card.project)) this.cards.delete(card.id);
    const added = come.flatMap((project) => this.statuses.map((status) => partOf(project, status)));
    this.parts = [...this.parts.filter((part) => projects.includes(part.project)), ...added];
    void this.readParts(added, this.run);
    this.askShow();
  }

  /** Read the next page of a column. */
  more(status: BacklogStatus): void {
    for (const part of this.parts) {
      if (part.status === status && part.isRead && part.next !== null && !part.isReading) void this.readPage(part, this.run).then(() => this.askShow());
    }
  }

  /** Take no more answers. */
  stop(): void {
    this.run += 1;
  }

  /** Take a batch of events, in order. */
  take(events: readonly FeedEvent[], isReset: boolean): void {
    for (const event of events) {
      if (event.__typename === "BacklogEvent" && this.projects.includes(event.project)) this.step(event);
    }
    if (isReset && this.run > 0) this.read();
    this.askShow();
  }

  /** Ask for one card as it is now: after the person's own change, or where an event does not tell all of it. */
  async refresh(id: string): Promise<void> {
    if (this.asked.has(id)) {
      this.asked.set(id, true);
      return;
    }
    this.asked.set(id, false);
    const { run } = this;
    try {
      this.put(await this.source.card(id));
    } catch (error) {
      if (run === this.run && (error as { code?: string }).code === "NOT_FOUND") this.cards.delete(id);
      else if (isPassing(error as Error)) this.after(RETRY_MS, () => run === this.run && void this.refresh(id));
    }
    const isOld = this.asked.get(id);
    this.asked.delete(id);
    this.askShow();
    if (isOld) await this.refresh(id);
  }

  private step(event: Extract<FeedEvent, { __typename: "BacklogEvent" }>): void {
    const known = this.cards.get(event.id);
    const { itemStatus: status, itemPriority: priority } = event;
    if (event.kind === "backlog.moved" || !status || !priority || (!known && event.kind !== "backlog.added")) {
      void this.refresh(event.id);
      return;
    }
    const { id, project, title, assignee, tags, targetVersion, openBlockers, at } = event;
    const createdAt = known?.createdAt ?? at;
    this.put({ id, project, title, status, priority, assignee, tags, targetVersion, openBlockers, createdAt, updatedAt: at });
  }

  private put(card: Card): void {
    this.told.add(card.id);
    const known = this.cards.get(card.id);
    if (known && isNewer(known.updatedAt, card.updatedAt)) return;
    if (this.projects.includes(card.project)) this.cards.set(card.id, card);
    else this.cards.delete(card.id);
  }

  private async readParts(parts: readonly Part[], run: number): Promise<void> {
    const waiting = [...parts];
    const worker = async () => {
      for (let part = waiting.shift(); part; part = waiting.shift()) await this.readPart(part, run);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  }

  private async readPart(part: Part, run: number): Promise<void> {
    const isWhole = OPEN_STATUSES.includes(part.status);
    do {
      if (!(await this.readPage(part, run))) return;
      this.askShow();
    } while (isWhole && part.next !== null && part.read < MOST_OPEN);
    if (part.next === null) this.dropUntold(part);
  }

  /** Read one page; returns whether it came. */
  private async readPage(part: Part, run: number): Promise<boolean> {
    part.isReading = true;
    try {
      const page = await this.source.page(part.project, part.status, part.next);
      if (run !== this.run) return false;
      for (const card of page.nodes) this.put(card);
      part.total = page.total ?? part.total;
      part.read += page.nodes.length;
      part.next = page.next;
      part.isRead = true;
      return true;
    } catch (error) {
      if (run !== this.run) return false;
      this.error = error as Error;
      this.askShow();
      if (isPassing(this.error)) this.after(RETRY_MS, () => run === this.run && this.read());
      return false;
    } finally {
      part.isReading = false;
    }
  }

  /** A card that a whole column no longer has, and that no event named since, is not there any more. */
  private dropUntold(part: Part): void {
    for (const card of this.cards.values()) {
      if (card.project === part.project && card.status === part.status && !this.told.has(card.id)) this.cards.delete(card.id);
    }
    this.askShow();
  }

  private askShow(): void {
    if (this.isShowAsked) return;
    this.isShowAsked = true;
    this.after(this.snapshot.isRead ? SHOW_MS : 0, () => {
      this.isShowAsked = false;
      this.show();
    });
  }

  private show(): void {
    const columns = new Map<BacklogStatus, Column>();
    for (const part of this.parts) {
      const column = columns.get(part.status) ?? { unread: 0, hasMore: false };
      const unread = part.next === null ? 0 : Math.max(0, part.total - part.read);
      columns.set(part.status, { unread: column.unread + unread, hasMore: column.hasMore || part.next !== null });
    }
    const isRead = this.snapshot.isRead || this.parts.every((part) => part.isRead);
    this.snapshot = { cards: new Map(this.cards), columns, isRead, error: this.error };
    for (const watcher of this.watchers) watcher();
  }
}

function partOf(project: string, status: BacklogStatus): Part {
  return { project, status, next: null, total: 0, read: 0, isRead: false, isReading: false };
}

function isNewer(one: string, other: string): boolean {
  const [a, b] = [Date.parse(one), Date.parse(other)];
  return a === b ? one > other : a > b;
}
