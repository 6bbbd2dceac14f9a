import { expect, test } from "vitest";
import { addressOfTarget } from "./targets";

const to = (act: string, target: string, project = "webshop", search = "") => addressOfTarget({ act, project, target }, search);

test("an audited record leads to its view", () => {
  expect(to("document.status_changed", "doc_1aB")).toBe("/knowledge/doc_1aB");
  expect(to("backlog.updated", "bkl_2")).toBe("/backlog/bkl_2");
  expect(to("session.forced", "ses_3")).toBe("/history/ses_3");
  expect(to("function.registered", "fn_4")).toBe("/functions/fn_4");
  expect(to("checklist.updated", "Go live")).toBe("/checklists/webshop/Go%20live");
  expect(to("guideline.set", "tests", "")).toBe("/guidelines/global/tests");
  expect(to("lock.forced", "src/a (1).py (ann), src/b.py (bob)")).toBe("/now/webshop/bob");
  expect(to("agent.updated", "ann: admin")).toBe("/now/webshop/ann");
  expect(to("document.archived", "ops & more")).toBe("/knowledge?tag=ops+%26+more&status=any");
});

test("the chosen project stays chosen, the log's own filter does not", () => {
  expect(to("backlog.updated", "bkl_2", "webshop", "act=backlog.updated&project=webshop")).toBe("/backlog/bkl_2?project=webshop");
});

test("what went with the act, and what has no view, leads nowhere", () => {
  expect(to("checklist.deleted", "Go live")).toBeNull();
  expect(to("function.removed", "fn_4")).toBeNull();
  expect(to("db.query", "shop")).toBeNull();
  expect(to("lock.forced", "src/b.py")).toBeNull();
});
