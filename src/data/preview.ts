/**
 * An encoded row as people see it: its text in stretches that are trained or not, special or not.
 * It is made from the ids, not from the row, so that it shows what the model will get, with all mistakes in it.
 */
import { createTextStream } from "@/tokenizer/text-stream";
import type { Tokenizer } from "@/tokenizer/tokenizer";
import type { TokenSpan } from "@/worker/api";
import { type Encoded, IGNORED } from "./encode";

/** A character that several tokens share stands in the stretch of its last token. */
export function previewRow({ ids, labels }: Encoded, tokenizer: Tokenizer): TokenSpan[] {
  const spans: { text: string; trained: boolean; special: boolean }[] = [];
  const stream = createTextStream(tokenizer);
  const add = (text: string, trained: boolean, special: boolean) => {
    const last = spans.at(-1);
    if (text === "") return;
    if (last?.trained === trained && last.special === special) last.text += text;
    else spans.push({ text, trained, special });
  };
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] ?? 0;
    // The first token has nothing before it that could predict it.
    add(stream.push(id), i > 0 && labels[i] !== IGNORED, tokenizer.isSpecial(id));
  }
  add(stream.end(), spans.at(-1)?.trained ?? false, false);
  return spans;
}
