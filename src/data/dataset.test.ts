import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createChatTemplate, findChatTemplate } from "@/tokenizer/chat-template";
import { createTokenizer } from "@/tokenizer/tokenizer";
import { parseRecipe, type RecipeInput } from "@/train/recipe";
import { buildDataset } from "./dataset";
import { countTrained } from "./encode";
import { previewRow } from "./preview";
import { fileOfText } from "./reading/open";

const fixture = (name: string) =>
  readFileSync(new URL(`../../e2e/fixtures/tokenizer/${name}`, import.meta.url), "utf8");
const tokenizer = createTokenizer(fixture("tokenizer.json"), fixture("tokenizer_config.json"));
const template = createChatTemplate(findChatTemplate(fixture("tokenizer_config.json")) ?? "", tokenizer.specialTokens);

const build = (text: string, data: RecipeInput["data"] = {}, evalText?: string) =>
  buildDataset(
    {
      name: "commands",
      train: [fileOfText("train.jsonl", text)],
      ...(evalText === undefined ? {} : { eval: [fileOfText("eval.jsonl", evalText)] }),
    },
    { tokenizer, template },
    parseRecipe({ data }),
  );
const lines = (
  count: number,
  make = (i: number): object => ({ prompt: `question ${i} -> `, completion: `answer ${i}` }),
) => Array.from({ length: count }, (_, i) => JSON.stringify(make(i))).join("\n");

describe("a dataset of prompts and completions", async () => {
  const { train, eval: held, info } = await build(`${lines(300)}\n{broken\n{"text":"other shape"}`);

  test("is split, encoded and counted", () => {
    expect(info).toMatchObject({ name: "commands", type: "prompt-completion", faultCount: 2, droppedRows: 0 });
    expect(info.trainRows + info.evalRows).toBe(300);
    expect(Math.abs(info.evalRows - 30)).toBeLessThan(16);
    expect([train.length, held.length]).toEqual([info.trainRows, info.evalRows]);
    expect(info.trainTokens).toBe(train.reduce((sum, { ids }) => sum + ids.length, 0));
    expect(info.trainedTokens).toBe(train.reduce((sum, row) => sum + countTrained(row), 0));
    expect(info.faults.map(({ line }) => line)).toEqual([301, 302]);
  });

  test("gives held-out rows with the question and the answer", () => {
    const row = held[0];
    expect(row?.prompt).toMatch(/^question \d+ -> $/);
    expect(row?.expected).toBe(row?.prompt.replace("question", "answer").replace(" -> ", ""));
    expect(tokenizer.decode(row?.promptIds ?? [])).toBe(row?.prompt);
    expect(info.samplePrompts[0]).toBe(row?.prompt);
    expect(info.samplePrompts).toHaveLength(5);
  });

  test("shows rows as the model sees them", () => {
    expect(info.preview[0]?.map(({ trained, special }) => ({ trained, special }))).toEqual([
      { trained: false, special: false },
      { trained: true, special: false },
      { trained: true, special: true },
    ]);
    expect(info.preview[0]?.map(({ text }) => text).join("")).toBe("question 0 -> answer 0<|im_end|>");
  });
});

test("a file of its own is held out when there is one", async () => {
  const { info, eval: held } = await build(lines(20), {}, `${lines(3)}\n{}`);
  expect([info.trainRows, info.evalRows]).toEqual([20, 3]);
  expect(held.map(({ expected }) => expected)).toEqual(["answer 0", "answer 1", "answer 2"]);
  expect(info.faults[0]?.message).toMatch(/^held-out rows: The row has neither/);
});

test("long rows are cut, and dropped when nothing in them teaches", async () => {
  const text = `${lines(5)}\n${JSON.stringify({ prompt: "x".repeat(200), completion: "y" })}\n${JSON.stringify({ prompt: "a", completion: "z".repeat(200) })}`;
  const { info } = await build(text, { maxLength: 64, holdout: 0 });
  expect(info).toMatchObject({ trainRows: 6, droppedRows: 1, truncatedRows: 2 });
  expect(info.maxTokens).toBeGreaterThan(180);
});

test("a conversation that the template refuses is a fault of its row", async () => {
  const strict = createChatTemplate(
    "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}{{ m.content }}{% endfor %}",
  );
  const rows = [{ messages: [{ role: "user", content: "a b" }] }, { messages: [{ role: "tool", content: "b" }] }];
  const text = rows.map((row) => JSON.stringify(row)).join("\n");
  const { info } = await buildDataset(
    { name: "chats", train: [fileOfText("t.jsonl", text)] },
    { tokenizer, template: strict },
    parseRecipe({ data: { holdout: 0 } }),
  );
  expect(info).toMatchObject({ type: "messages", trainRows: 1, faultCount: 1 });
  expect(info.faults[0]).toMatchObject({ line: 2, message: expect.stringContaining("no tools") });
});

test("plain text is held out without a question", async () => {
  const { eval: held, info } = await build(
    lines(40, (i) => ({ text: `line number ${i}` })),
    { holdout: 0.5 },
  );
  expect(held[0]).toMatchObject({ promptIds: [], prompt: "", expected: "" });
  expect(info.samplePrompts).toEqual([]);
});

describe("what cannot be trained says why", () => {
  const cases: [string, () => Promise<unknown>, string][] = [
    ["nothing in the file", () => build(""), "dataset/empty"],
    ["no known column", () => build('{"a":1}'), "dataset/empty"],
    ["all cut away", () => build(lines(3), { maxLength: 2, holdout: 0 }), "dataset/nothing-to-learn"],
    ["no roles", () => build(lines(3), { loss: "assistant" }), "recipe/invalid"],
    [
      "no assistant",
      () => build('{"messages":[{"role":"user","content":"a"}]}', { loss: "assistant", holdout: 0 }),
      "dataset/nothing-to-learn",
    ],
  ];
  for (const [name, run, code] of cases) test(name, () => expect(run()).rejects.toMatchObject({ code }));
});

test("a preview keeps characters whole where tokens split them", () => {
  const ids = tokenizer.encode("a👍🏽b");
  const labels = ids.map((id, i) => (i < 3 ? -100 : id));
  const spans = previewRow({ ids, labels }, tokenizer);
  expect(spans.map(({ text }) => text).join("")).toBe("a👍🏽b");
  expect(JSON.stringify(spans)).not.toContain("\uFFFD");
});

test("rows keep their lines, and of more rows than asked for a seeded sample is held", async () => {
  const { train, info } = await build(lines(100), { maxRows: 10, holdout: 0 });
  expect(info).toMatchObject({ trainRows: 10, totalRows: 100 });
  expect(train.map(({ row }) => (row.kind === "completion" ? row.prompt : ""))).toEqual(
    train.map(({ line }) => `question ${line - 1} -> `),
  );
  const again = await build(lines(100), { maxRows: 10, holdout: 0 });
  expect(again.train.map(({ line }) => line)).toEqual(train.map(({ line }) => line));
});

test("columns are mapped by hand, and the file's own are told", async () => {
  const text = lines(20, (i) => ({ question: `q ${i}`, answer: `a ${i}` }));
  await expect(build(text)).rejects.toMatchObject({ code: "dataset/empty" });
  const { info } = await build(text, { columns: { prompt: "question", completion: "answer" } });
  expect(info).toMatchObject({ type: "prompt-completion", columns: ["question", "answer"], findings: [] });
  expect(info.sample[0]).toEqual({ question: "q 0", answer: "a 0" });
});
