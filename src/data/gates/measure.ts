/** Planted sets through the whole path, from the text of a file to the findings. Used by tests only. */
import { readFileSync } from "node:fs";
import { type Codec, encodeRow } from "@/data/encode";
import { formatRows } from "@/data/formats";
import { type PracticeSet, toLines } from "@/data/practice/practice";
import { isSupervised, type Method } from "@/data/row";
import { createChatTemplate, findChatTemplate } from "@/tokenizer/chat-template";
import { createTokenizer } from "@/tokenizer/tokenizer";
import { parseRecipe, type Recipe } from "@/train/recipe";
import type { Finding } from "@/worker/api/data";
import type { GateRow } from "./gate";
import { testSetOf } from "./leakage";
import { prepareRow, tokenFacts } from "./prepare";
import { runGates } from "./run-gates";

/** The bundled model's tokenizer and template. */
export function emberCodec(): Codec {
  const read = (name: string) => readFileSync(new URL(`../../../public/models/ember/${name}`, import.meta.url), "utf8");
  const config = read("tokenizer_config.json");
  const tokenizer = createTokenizer(read("tokenizer.json"), config);
  return { tokenizer, template: createChatTemplate(findChatTemplate(config) ?? "", tokenizer.specialTokens) };
}

/** The same with a start token that `encode` puts first, as Llama's have. */
export function codecWithBos({ tokenizer, template }: Codec): Codec {
  const bosId = tokenizer.encode("<|pad|>", { special: false })[0] ?? 1;
  const encode: typeof tokenizer.encode = (text, options) => {
    const ids = tokenizer.encode(text, { special: false });
    return options?.special === false ? ids : [bosId, ...ids];
  };
  const specialTokens = { ...tokenizer.specialTokens, bos_token: "<|pad|>" };
  return { tokenizer: { ...tokenizer, bosId, addsBos: true, specialTokens, encode }, template };
}

/** Without a codec the rows have no tokens. */
export function gateRows(text: string, held: boolean, method: Method, codec: Codec | null, recipe: Recipe): GateRow[] {
  const lines = text.trimEnd().split("\n");
  const records = lines.map((content, i) => ({ line: i + 1, value: JSON.parse(content) as unknown }));
  const { rows } = formatRows(records, { method });
  return rows.map(({ line, row }) => {
    let tokens: GateRow["tokens"] = null;
    if (codec && isSupervised(row)) {
      try {
        tokens = tokenFacts(encodeRow(row, codec, recipe.data.loss, recipe.data.maxLength), codec.tokenizer);
      } catch {
        // The template refuses the row: other gates say so.
      }
    }
    return prepareRow({ line, held, row, tokens });
  });
}

export function checkSet(set: PracticeSet, codec: Codec, { encode = true } = {}): Finding[] {
  const recipe = parseRecipe({ schedule: { steps: 60 } });
  const method = set.kind === "pairs" ? "dpo" : "sft";
  const read = (rows: PracticeSet["train"], held: boolean) =>
    gateRows(toLines(rows), held, method, encode ? codec : null, recipe);
  const tests = set.tests ? [testSetOf("the suite", set.tests)] : [];
  const rows = [...read(set.train, false), ...read(set.held, true)];
  return runGates(rows, { tokenizer: codec.tokenizer, recipe, tests, base: null });
}
