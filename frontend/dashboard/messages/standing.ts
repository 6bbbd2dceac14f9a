// How far a message has come with each who got it: waiting, read, acknowledged, answered, done.
import type { MessageFieldsFragment, MessageStatus } from "./documents";

export type Message = MessageFieldsFragment;
export type Stand = "waiting" | "read" | "acknowledged" | "answered" | "done" | "failed";

export interface Standing {
  recipient: string;
  stand: Stand;
  status: MessageStatus;
  /** When it came so far, if that is known. */
  at: string | null;
}

const STANDS: Record<MessageStatus, Stand> = { PENDING: "waiting", DELIVERED: "read", RECEIVED: "acknowledged", COMPLETED: "done", FAILED: "failed" };
const ORDER: readonly Stand[] = ["failed", "waiting", "read", "acknowledged", "answered", "done"];
const STEPS: Record<MessageStatus, number> = { PENDING: 0, DELIVERED: 1, RECEIVED: 2, COMPLETED: 3, FAILED: 3 };

/** Return how a message of a thread stands with each recipient, those with whom least has happened first. */
export function standingsOf(message: Message, thread: readonly Message[]): Standing[] {
  const answers = new Map(thread.filter((one) => one.replyTo === message.id).reverse().map((one) => [one.sender, one.createdAt]));
  return message.deliveries
    .map(({ recipient, status, deliveredAt, receivedAt, finishedAt }): Standing => {
      const answeredAt = answers.get(recipient);
      const stand = answeredAt !== undefined && STEPS[status] < STEPS.COMPLETED ? "answered" : STANDS[status];
      return { recipient, stand, status, at: stand === "answered" ? answeredAt! : (finishedAt ?? receivedAt ?? deliveredAt) };
    })
    .sort((one, other) => ORDER.indexOf(one.stand) - ORDER.indexOf(other.stand) || (one.recipient < other.recipient ? -1 : 1));
}

/** Return how many stand how, in words: "3 waiting, 1 answered". */
export function summaryOf(standings: readonly Standing[]): string {
  const counts = ORDER.map((stand) => [standings.filter((one) => one.stand === stand).length, stand] as const);
  return counts
    .filter(([count]) => count > 0)
    .map(([count, stand]) => `${count} ${stand}`)
    .join(", ");
}

/** Return the messages of a thread that wait for this one to acknowledge them. */
export function waitingFor(name: string, thread: readonly Message[]): Message[] {
  return thread.filter((message) => message.deliveries.some((one) => one.recipient === name && STEPS[one.status] < STEPS.RECEIVED));
}

/** Tell whether a delivery can still be moved to a status: forwards only. */
export function canBecome(from: MessageStatus, to: MessageStatus): boolean {
  return STEPS[to] > STEPS[from];
}

/** Return whom an answer by `own` goes to: the sender; for the person's own message those it went to. */
export function answeredTo(message: Message, own: string): string[] {
  if (message.sender !== own) return [message.sender];
  return message.isBroadcast ? message.deliveries.map((one) => one.recipient) : [...message.to];
}
