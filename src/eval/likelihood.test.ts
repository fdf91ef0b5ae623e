import { expect, test } from "vitest";
import { forgetting, passagesOf } from "./forgetting";
import { lossOf, type TextScore } from "./likelihood";

test("perplexity and bits per byte are of all tokens and bytes together; what could not be scored is counted", () => {
  const loss = lossOf([{ nats: 2, tokens: 4, bytes: 8 }, null, { nats: 4, tokens: 2, bytes: 8 }]);
  expect(loss.perplexity).toBeCloseTo(Math.E, 12);
  expect(loss.bitsPerByte).toBeCloseTo(6 / Math.LN2 / 16, 12);
  expect(loss).toMatchObject({ tokens: 6, bytes: 16, errors: 1 });
});

const passages = (of: (i: number) => number): TextScore[] =>
  Array.from({ length: 40 }, (_, i) => ({ nats: of(i), tokens: 50, bytes: 200 }));

test("forgetting is a paired verdict in words: much, a little, none shown, none, too few", () => {
  const base = passages((i) => 200 + i);
  const noise = (i: number) => ((i * 7919) % 13) - 6;
  const told = (tuned: TextScore[], from = base) => forgetting(from, tuned, 1);
  const worse = told(passages((i) => 230 + i + noise(i)));
  expect(worse).toMatchObject({ verdict: "worse", passages: 40 });
  expect(worse.sentence).toMatch(/^Forgotten: general text became harder by 1\d %/);
  expect(told(passages((i) => 204 + i + noise(i) / 4)).sentence).toMatch(/^A little forgotten/);
  expect(told(passages((i) => 200 + i + noise(i))).sentence).toMatch(/^No forgetting shown/);
  expect(told(passages((i) => 190 + i)).verdict).toBe("better");
  expect(told(base.slice(0, 10), base.slice(0, 10)).verdict).toBe("too-few");
});

test("a text's passages are its paragraphs, cut at a space; of JSON lines the texts", () => {
  expect(passagesOf("One two.\n\n\nThree\nfour.\n\nFive", false)).toEqual(["One two.", "Three\nfour."]);
  const cut = passagesOf("word ".repeat(500), false, 100);
  expect(cut.every(({ length }) => length <= 100)).toBe(true);
  expect(cut.join(" ").split(" ")).toHaveLength(500);
  expect(passagesOf('{"text":"a b"}\nbroken\n{"other":1}\n', true)).toEqual(["a b"]);
});
