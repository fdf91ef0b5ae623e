/**
 * Frame tokens typed inside of a text. Those of the open model end or open turns in the middle of one; those of another
 * model are spelt out letter by letter and learned as prose. Both come from data that was rendered once already.
 */
import type { Tokenizer } from "@/tokenizer/tokenizer";
import { type Gate, type GateContext, type GateRow, rowsDo, severityOf } from "./gate";

/** The frames of the common families: ChatML, Llama 2 and 3, Gemma, Phi, Zephyr, Mistral, GPT, DeepSeek. */
const MARKERS = [
  ...["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"],
  ...["<|start_header_id|>", "<|end_header_id|>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "</s>", "<s>"],
  ...["<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>"],
  ...["<|endofprompt|>", "<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>"],
];
/** HTML's tags for struck-out text are spelt like these, so they count only as a model's own. */
const COMMON = new Set(["<s>", "</s>"]);

interface Marks {
  readonly own: RegExp;
  readonly foreign: RegExp;
}

const NOTHING = /(?!)/g;
const patternOf = (markers: readonly string[]) =>
  markers.length === 0
    ? NOTHING
    : new RegExp(markers.map((marker) => marker.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");

const memo = new WeakMap<Tokenizer, Marks>();
const WITHOUT_MODEL: Marks = { own: patternOf(MARKERS.filter((marker) => !COMMON.has(marker))), foreign: NOTHING };

function marksOf(tokenizer: Tokenizer | null): Marks {
  if (!tokenizer) return WITHOUT_MODEL;
  const known = memo.get(tokenizer);
  if (known) return known;
  const named = Object.values(tokenizer.specialTokens).filter((token) => token !== "");
  const isOwn = (marker: string) => {
    const [id, ...rest] = tokenizer.encode(marker, { special: false });
    return id !== undefined && rest.length === 0 && tokenizer.isSpecial(id);
  };
  const own = [...new Set([...named, ...MARKERS.filter(isOwn)])];
  const foreign = MARKERS.filter((marker) => !own.includes(marker) && !COMMON.has(marker));
  const marks = { own: patternOf(own), foreign: patternOf(foreign) };
  memo.set(tokenizer, marks);
  return marks;
}

/** The BOS at a text's head and the EOS at its end are how plain texts are often written; `signal.ts` judges those. */
function firstMark(text: string, pattern: RegExp, tokenizer: Tokenizer | null): string | undefined {
  pattern.lastIndex = 0;
  if (!pattern.test(text)) return undefined;
  const { bos_token: bos = "", eos_token: eos = "" } = tokenizer?.specialTokens ?? {};
  let inner = text.trim();
  if (bos !== "" && inner.startsWith(bos)) inner = inner.slice(bos.length);
  if (eos !== "" && inner.endsWith(eos)) inner = inner.slice(0, -eos.length);
  pattern.lastIndex = 0;
  return pattern.exec(inner)?.[0];
}

function findMarks(rows: readonly GateRow[], { tokenizer }: GateContext, pattern: RegExp) {
  return rows.flatMap((row, i) => {
    for (const text of [row.prompt, row.answer, row.rejected ?? ""]) {
      const marker = firstMark(text, pattern, tokenizer);
      if (marker !== undefined) return [{ i, marker }];
    }
    return [];
  });
}

export const controlTokens: Gate = {
  name: "control-tokens",
  title: "Control tokens in text",
  why: "These characters become the model's own frame: an answer ends in its middle, or a user's text opens a turn of the assistant. Take them out; if the rows are rendered already, give messages instead.",
  fix: (text, { tokenizer }) => text.replace(marksOf(tokenizer).own, ""),
  check(rows, context) {
    const found = findMarks(rows, context, marksOf(context.tokenizer).own);
    if (found.length === 0) return [];
    const rendered = found.length > rows.length / 2 && found.every(({ i }) => rows[i]?.messages === null);
    const message = rendered
      ? `${rowsDo(found.length, "is", "are")} already written in a chat frame (${found[0]?.marker ?? ""}).`
      : `${rowsDo(found.length, "holds", "hold")} tokens of the frame as text, such as ${found[0]?.marker ?? ""}.`;
    return [{ severity: rendered ? "amber" : "red", rows: found.map(({ i }) => i), message }];
  },
};

export const templateMismatch: Gate = {
  name: "template-mismatch",
  title: "Another model's frame",
  why: "The text carries the chat frame of a different model, which this one reads as ordinary letters. It would learn to write them out; give messages, and this model's own template frames them.",
  fix: (text, { tokenizer }) => text.replace(marksOf(tokenizer).foreign, ""),
  check(rows, context) {
    const found = findMarks(rows, context, marksOf(context.tokenizer).foreign);
    if (found.length === 0) return [];
    const message = `${rowsDo(found.length, "holds", "hold")} ${found[0]?.marker ?? ""}, which is no token of this model.`;
    return [{ severity: severityOf(found.length, rows.length), rows: found.map(({ i }) => i), message }];
  },
};
