import { expect, test } from "vitest";
import type { Row } from "./row";
import { isHeldOut, splitKey } from "./split";

const ask = (prompt: string, completion = "x"): Row => ({ kind: "completion", prompt, completion });
const keys = Array.from({ length: 5000 }, (_, i) => splitKey(ask(`question ${i}`)));

test("the share is met on average, for every seed", () => {
  for (const seed of [0, 1, 42, 2 ** 31]) {
    for (const fraction of [0.1, 0.5]) {
      const held = keys.filter((key) => isHeldOut(key, fraction, seed)).length;
      expect(Math.abs(held / keys.length - fraction)).toBeLessThan(0.025);
    }
  }
});

test("nothing and everything", () => {
  expect(keys.some((key) => isHeldOut(key, 0, 1))).toBe(false);
  expect(keys.every((key) => isHeldOut(key, 1, 1))).toBe(true);
});

test("another seed holds out other rows, and a larger share keeps the smaller one", () => {
  const held = (fraction: number, seed: number) => new Set(keys.filter((key) => isHeldOut(key, fraction, seed)));
  expect(held(0.1, 1)).not.toEqual(held(0.1, 2));
  const large = held(0.3, 1);
  for (const key of held(0.1, 1)) expect(large.has(key)).toBe(true);
});

test("the same question is on one side, however it is written or answered", () => {
  expect(splitKey(ask("Turn  ON\nthe lamp "))).toBe(splitKey(ask("turn on the lamp", "y")));
  const chat = (answer: string): Row => ({
    kind: "messages",
    messages: [
      { role: "user", content: "Hi" },
      { role: "assistant", content: answer },
    ],
  });
  expect(splitKey(chat("a"))).toBe(splitKey(chat("b")));
  expect(splitKey(chat("a"))).not.toBe(splitKey({ kind: "messages", messages: [{ role: "user", content: "Ho" }] }));
});
