// Which threads stand where, and how messages stand with those who got them.
import { describe, expect, test } from "vitest";
import { answeredTo, canBecome, type Message, standingsOf, summaryOf, waitingFor } from "./standing";
import { chosen, filterOf, namesOf, type Thread } from "./threads";

const HEAD = { id: "m1", sender: "ann", text: "cents?", note: "", category: "QUESTION" as const, priority: "NORMAL" as const, createdAt: "2026-01-01T10:00:00Z" };

function thread(id: string, more: Partial<Thread> = {}): Thread {
  return { id, project: "p", lastAt: "2026-01-01T10:00:00Z", messageCount: 1, categories: ["BLOCKER", "QUESTION"], priorities: ["NORMAL"], participants: ["ann", "bob"], unreadCount: 0, awaitsYou: false, isOverdue: false, isUrgent: false, oldestUnreadAt: null, first: HEAD, last: HEAD, ...more };
}

function message(id: string, more: Partial<Message> = {}): Message {
  const plain = { project: "p", fromProject: "p", to: ["bob"], isBroadcast: false, recipientCount: 1, threadId: "m1", replyTo: "", inResponseTo: "", requireHuman: false, userOriginated: false, deliveries: [] };
  return { ...HEAD, ...plain, id, ...more };
}

function delivery(recipient: string, status: Message["deliveries"][number]["status"]) {
  return { recipient, status, deliveredAt: null, receivedAt: null, finishedAt: null };
}

describe("threads", () => {
  test("stand with those for the person first, then overdue, then urgent, then unread, then the latest", () => {
    const late = thread("late", { lastAt: "2026-01-02T10:00:00Z" });
    const threads = [thread("old"), late, thread("unread", { unreadCount: 1 }), thread("urgent", { unreadCount: 1, isUrgent: true }), thread("overdue", { unreadCount: 1, isOverdue: true }), thread("mine", { awaitsYou: true })];
    expect(chosen(threads, filterOf(new URLSearchParams())).map((one) => one.id)).toEqual(["mine", "overdue", "urgent", "unread", "late", "old"]);
  });

  test.each([
    ["agent=bob", true],
    ["agent=cat", false],
    ["category=QUESTION", true],
    ["category=BLOCKER", true],
    ["category=TASK", false],
    ["priority=URGENT", false],
    ["only=unread", false],
    ["only=you", false],
    ["q=bob+CENTS", true],
    ["q=euros", false],
  ])("pass by the address's %s: %s", (query, isShown) => {
    expect(chosen([thread("t")], filterOf(new URLSearchParams(query))).length).toBe(isShown ? 1 : 0);
  });

  test("are named by who began them, and to whom", () => {
    expect(namesOf(thread("t", { participants: ["ann", "*", "b", "c", "d", "e"] }))).toBe("ann → everyone, b, c, d and 1 more");
  });
});

describe("a message", () => {
  test("stands as answered with whom a reply of is in the thread", () => {
    const asked = message("m1", { deliveries: [delivery("bob", "DELIVERED"), delivery("cat", "PENDING"), delivery("dan", "COMPLETED")] });
    const answer = message("m2", { sender: "bob", replyTo: "m1" });
    const standings = standingsOf(asked, [asked, answer]);
    expect(standings.map(({ recipient, stand }) => `${recipient} ${stand}`)).toEqual(["cat waiting", "bob answered", "dan done"]);
    expect(summaryOf(standings)).toBe("1 waiting, 1 answered, 1 done");
  });

  test("waits for the person until it is acknowledged", () => {
    const [fresh, done] = [message("a", { deliveries: [delivery("user-me", "DELIVERED")] }), message("b", { deliveries: [delivery("user-me", "RECEIVED")] })];
    expect(waitingFor("user-me", [fresh, done])).toEqual([fresh]);
  });

  test("moves forwards only", () => {
    expect(canBecome("PENDING", "RECEIVED")).toBe(true);
    expect(canBecome("COMPLETED", "FAILED")).toBe(false);
  });

  test("is answered to its sender, the person's own to those it went to", () => {
    expect(answeredTo(message("m"), "user-me")).toEqual(["ann"]);
    expect(answeredTo(message("m", { sender: "user-me", to: ["ann", "bob"] }), "user-me")).toEqual(["ann", "bob"]);
  });
});
