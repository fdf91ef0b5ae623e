/** JSON lines: HumanEval, MBPP, multiple choice, or any rows with a question and what is expected. */
import * as z from "zod/mini";
import type { Case, Suite, SuiteFormat } from "../suite";
import { accept, MOST_CASES, malformed, shortText, text } from "./limits";

const HumanEval = z.looseObject({
  task_id: shortText,
  prompt: text,
  entry_point: z.string().check(z.regex(/^[A-Za-z_]\w{0,200}$/, "must be a name")),
  canonical_solution: z._default(text, ""),
  test: text,
});

const Mbpp = z.looseObject({
  task_id: z.union([shortText, z.number()]),
  text: z.optional(text),
  prompt: z.optional(text),
  code: z._default(text, ""),
  test_list: z.array(text).check(z.minLength(1), z.maxLength(200)),
  test_setup_code: z.optional(text),
  test_imports: z.optional(z.array(shortText)),
});

const Choices = z.looseObject({
  id: z.optional(z.union([shortText, z.number()])),
  question: text,
  choices: z.union([
    z.array(text).check(z.minLength(2), z.maxLength(100)),
    z.looseObject({ text: z.array(text).check(z.minLength(2), z.maxLength(100)), label: z.array(shortText) }),
  ]),
  answer: z.optional(z.union([z.number(), shortText])),
  answerKey: z.optional(shortText),
});

const QUESTIONS = ["input", "prompt", "question", "instruction"] as const;
const ANSWERS = ["expected", "answer", "completion", "output", "response", "target"] as const;
const Message = z.looseObject({ role: z.enum(["system", "user", "assistant"]), content: text });

export function readRows(rows: readonly unknown[], name: string): Suite {
  if (rows.length === 0) throw malformed(name, "has no rows");
  if (rows.length > MOST_CASES) throw malformed(name, `has more than ${MOST_CASES} rows`);
  const format = formatOf(rows[0]);
  const cases = rows.map((row, i): Case => {
    const where = `${name}, row ${i + 1}`;
    if (format === "humaneval") return humanEval(row, where);
    if (format === "mbpp") return mbpp(row, where);
    return format === "multiple-choice" ? choice(row, i, where) : expectedCase(row, i, where);
  });
  return { name, format, cases, ...(format === "expected" && isContinued(rows[0]) ? { frame: "plain" as const } : {}) };
}

/** TRL's prompt and completion: a model that was trained on such rows never saw a template around them. */
function isContinued(row: unknown): boolean {
  const { prompt, completion } = row as { prompt?: unknown; completion?: unknown };
  return typeof prompt === "string" && typeof completion === "string";
}

function formatOf(row: unknown): SuiteFormat {
  const has = (key: string) => typeof row === "object" && row !== null && Object.hasOwn(row, key);
  if (has("entry_point") && has("test")) return "humaneval";
  if (has("test_list")) return "mbpp";
  return has("choices") ? "multiple-choice" : "expected";
}

function humanEval(row: unknown, where: string): Case {
  const {
    task_id: id,
    prompt,
    entry_point: entryPoint,
    canonical_solution: solution,
    test,
  } = accept(HumanEval, row, where);
  const code = { kind: "humaneval" as const, prompt, entryPoint, test, solution };
  return { id, input: prompt, expected: solution, code, assert: [], tags: [] };
}

function mbpp(row: unknown, where: string): Case {
  const one = accept(Mbpp, row, where);
  const task = one.text ?? one.prompt ?? "";
  const input = `${task}\nYour code should pass these tests:\n${one.test_list.join("\n")}\n`;
  const setup = [one.test_setup_code ?? "", ...(one.test_imports ?? [])].join("\n");
  const code = { kind: "mbpp" as const, tests: one.test_list, setup, solution: one.code };
  return { id: String(one.task_id), input, expected: one.code, code, assert: [], tags: [] };
}

function choice(row: unknown, i: number, where: string): Case {
  const { id = i + 1, question, choices, answer, answerKey } = accept(Choices, row, where);
  const options = Array.isArray(choices) ? choices : choices.text;
  const labels = Array.isArray(choices) ? options.map((_, at) => String.fromCharCode(65 + at)) : choices.label;
  const key = answer ?? answerKey;
  const at = typeof key === "number" ? key : key === undefined ? -1 : placeOf(key, labels, options);
  if (!Number.isInteger(at) || at < 0 || at >= options.length)
    throw malformed(where, "has no answer among its choices");
  const input = `Question: ${question}\nAnswer:`;
  return { id: String(id), input, expected: options[at] ?? "", choices: { options, answer: at }, assert: [], tags: [] };
}

function placeOf(key: string, labels: readonly string[], options: readonly string[]): number {
  for (const list of [labels, options]) if (list.includes(key)) return list.indexOf(key);
  return /^\d+$/.test(key) ? Number(key) : -1;
}

/** A row with a question and an answer, or a conversation whose last turn is the answer. Judged by equality. */
export function expectedCase(row: unknown, i: number, where: string): Case {
  const fields = accept(z.looseObject({ id: z.optional(z.union([shortText, z.number()])) }), row, where);
  const id = String(fields.id ?? i + 1);
  const check = (expected: string) => [{ type: "equals" as const, not: false, value: expected, weight: 1 }];
  if (Array.isArray(fields.messages)) {
    const messages = accept(z.array(Message).check(z.minLength(2), z.maxLength(200)), fields.messages, where);
    const last = messages.at(-1);
    if (last?.role !== "assistant") throw malformed(where, "does not end with an assistant's turn");
    const input = messages.slice(0, -1).map(({ role, content }) => ({ role, content }));
    return { id, input, expected: last.content, assert: check(last.content), tags: [] };
  }
  const question = QUESTIONS.find((name) => typeof fields[name] === "string");
  const answer = ANSWERS.find((name) => ["string", "number", "boolean"].includes(typeof fields[name]));
  if (!question || !answer) {
    throw malformed(where, `needs one of ${QUESTIONS.join(", ")} and one of ${ANSWERS.join(", ")}`);
  }
  const extra = question === "instruction" && typeof fields.input === "string" ? fields.input : "";
  const expected = accept(text, String(fields[answer]), where);
  const input = accept(text, extra ? `${fields[question]}\n\n${extra}` : fields[question], where);
  const plain = question === "prompt" && answer === "completion" ? { plain: true as const } : {};
  return { id, input, expected, ...plain, assert: check(expected), tags: [] };
}
