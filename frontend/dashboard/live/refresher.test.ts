import { expect, test } from "vitest";
import { type Outcome, Refresher } from "./refresher";

function scene() {
  const reads: { resolve(value: string): void; reject(error: Error): void }[] = [];
  const shown: Outcome<string>[] = [];
  const clock = { time: 0, timer: null as null | (() => void), wait: 0 };
  const reader = new Refresher<string>(
    () => new Promise((resolve, reject) => reads.push({ resolve, reject })),
    (outcome) => shown.push(outcome),
    {
      now: () => clock.time,
      after: (wait, work) => {
        clock.wait = wait;
        clock.timer = work;
        return () => void (clock.timer = null);
      },
    },
    250,
  );
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  return { reads, shown, clock, reader, settled };
}

test("what touches a view while it reads makes it read once more, after that answer", async () => {
  const at = scene();
  at.reader.touch();
  at.reader.touch();
  at.reader.touch();
  expect(at.reads).toHaveLength(1);
  at.clock.time = 300;
  at.reads[0]!.resolve("first");
  await at.settled();
  expect(at.reads).toHaveLength(2);
  at.reads[1]!.resolve("second");
  await at.settled();
  expect(at.shown).toEqual([{ data: "first" }, { data: "second" }]);
  expect(at.reads).toHaveLength(2);
});

test("many events in a short time are one reading at the end of it", async () => {
  const at = scene();
  at.reader.touch();
  at.reads[0]!.resolve("first");
  await at.settled();
  at.clock.time = 100;
  for (let count = 0; count < 50; count += 1) at.reader.touch();
  expect(at.reads).toHaveLength(1);
  expect(at.clock.wait).toBe(150);
  at.clock.time = 250;
  at.clock.timer!();
  expect(at.reads).toHaveLength(2);
});

test("a slow answer is followed by a rest as long, of at most 2 s", async () => {
  const at = scene();
  at.reader.touch();
  at.reader.touch();
  at.clock.time = 900;
  at.reads[0]!.resolve("first");
  await at.settled();
  expect(at.reads).toHaveLength(1);
  expect(at.clock.wait).toBe(900);
  at.clock.time = 1_800;
  at.clock.timer!();
  at.reader.touch();
  at.clock.time = 9_000;
  at.reads[1]!.resolve("second");
  await at.settled();
  expect(at.clock.wait).toBe(2_000);
});

test("a failure is shown, and the next touch reads again", async () => {
  const at = scene();
  at.reader.touch();
  at.reads[0]!.reject(new Error("away"));
  await at.settled();
  expect(at.shown).toEqual([{ error: new Error("away") }]);
  at.clock.time = 1_000;
  at.reader.touch();
  expect(at.reads).toHaveLength(2);
});

test("nothing is shown after the view has gone", async () => {
  const at = scene();
  at.reader.touch();
  at.reader.stop();
  at.reads[0]!.resolve("late");
  await at.settled();
  expect(at.shown).toEqual([]);
  at.reader.touch();
  expect(at.reads).toHaveLength(1);
});

test("what failed in passing is read again after a while, what was refused is not", async () => {
  const at = scene();
  at.reader.touch();
  at.reads[0]!.reject(Object.assign(new Error("away"), { code: "OFFLINE" }));
  await at.settled();
  at.clock.time = 3_000;
  expect(at.clock.wait).toBe(3_000);
  at.clock.timer!();
  at.clock.timer = null;
  expect(at.reads).toHaveLength(2);
  at.reads[1]!.reject(Object.assign(new Error("no"), { code: "FORBIDDEN" }));
  await at.settled();
  expect(at.clock.timer).toBeNull();
  at.reader.stop();
});
