/** Gates that need a template, a recipe or a model, and what fixes do: by hand, since no planted row can show them. */
import { expect, test } from "vitest";
import { encodeRow } from "@/data/encode";
import type { Row } from "@/data/row";
import { createChatTemplate } from "@/tokenizer/chat-template";
import { parseRecipe } from "@/train/recipe";
import { alreadyKnown, tooManyEpochs } from "./amount";
import { repair } from "./characters";
import { applyFixes } from "./fixes";
import { emberCodec } from "./measure";
import { prepareRow, tokenFacts } from "./prepare";
import { requireAccepted, runGates } from "./run-gates";
import { endNeverTrained } from "./signal";

const context = { tokenizer: null, recipe: parseRecipe({}), tests: [], base: null };
const pair = (line: number, prompt: string, completion: string, held = false) =>
  prepareRow({ line, held, row: { kind: "completion", prompt, completion }, tokens: null });

test("a template that never ends a turn is told; the model's own is not", () => {
  const codec = emberCodec();
  const row: Row = {
    kind: "messages",
    messages: [
      { role: "user", content: "What is the sky?" },
      { role: "assistant", content: "Blue." },
    ],
  };
  const endless = createChatTemplate("{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}");
  const severities = [codec.template, endless].map((template) => {
    const encoded = encodeRow(row, { ...codec, template }, "assistant", 64);
    const tokens = tokenFacts(encoded, codec.tokenizer);
    return endNeverTrained.check([prepareRow({ line: 1, held: false, row, tokens })], context)[0]?.severity;
  });
  expect(severities).toEqual([undefined, "red"]);
});

test("epochs beyond ten, and a base that knows the answers, warn", () => {
  const rows = Array.from({ length: 20 }, (_, i) => pair(i + 1, `q ${i}`, `a ${i}`));
  const recipe = parseRecipe({ schedule: { steps: 30 }, batch: { size: 8 } });
  expect(tooManyEpochs.check(rows, { ...context, recipe })[0]?.message).toContain("12 times");
  expect(alreadyKnown.check(rows, { ...context, base: { rows: 16, nll: 0.02, exact: 0.9 } })[0]?.severity).toBe(
    "amber",
  );
  expect(alreadyKnown.check(rows, { ...context, base: { rows: 16, nll: 2, exact: 0.1 } })).toEqual([]);
});

test("fixes leave training rows out or repair them, never drop held-out ones, and are done the same again", () => {
  const rows = [
    pair(1, "Where?", " caf\u00c3\u00a9"),
    pair(2, "When?", " N/A"),
    pair(3, "Where?", " caf\u00c3\u00a9", true),
  ];
  const fixed = applyFixes(rows, ["mojibake", "empty-answers", "leakage"], context);
  expect(fixed.map(({ line, answer }) => [line, answer])).toEqual([[3, " café"]]);
  expect(applyFixes(fixed, ["mojibake"], context)).toEqual(fixed);
  expect(() => applyFixes(rows, ["no-such-gate"], context)).toThrow(/no fix/);
});

test("text that is right is not repaired", () => {
  for (const text of ["café Ünïcode", "“quoted” – naïve", "Ã is a letter", "日本語 и русский"])
    expect(repair(text)).toBe(text);
});

test("a red finding stops until its name is accepted", () => {
  const findings = runGates([pair(1, "Key?", " AKIAABCDEFGHIJKLMNOP")], context);
  expect(() => requireAccepted(findings, [])).toThrow(/Keys in the data/);
  expect(() => requireAccepted(findings, ["secrets"])).not.toThrow();
});
