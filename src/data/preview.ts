/**
 * An encoded row as people see it: its text in stretches that are trained or not, special or not, kept or cut.
 * It is made from the ids, not from the row, so that it shows what the model will get, with all mistakes in it.
 */
import { createTextStream } from "@/tokenizer/text-stream";
import type { Tokenizer } from "@/tokenizer/tokenizer";
import type { TokenSpan } from "@/worker/api/data";
import { type Encoded, IGNORED } from "./encode";

/** Tokens from `limit` on are shown as cut. A character that several tokens share stands in the stretch of its last token. */
export function previewRow(
  { ids, labels }: Encoded,
  tokenizer: Tokenizer,
  limit = Number.POSITIVE_INFINITY,
): TokenSpan[] {
  const spans: { text: string; trained: boolean; special: boolean; cut?: true; end?: true }[] = [];
  const stream = createTextStream(tokenizer);
  const add = (text: string, kind: Omit<TokenSpan, "text">) => {
    const last = spans.at(-1);
    if (text === "") return;
    const same = last?.trained === kind.trained && last.special === kind.special && last.cut === kind.cut;
    if (same && !last.end && !kind.end) last.text += text;
    else spans.push({ ...kind, text });
  };
  const kindOf = (i: number): Omit<TokenSpan, "text"> => {
    const id = ids[i] ?? 0;
    return {
      // The first token has nothing before it that could predict it.
      trained: i > 0 && i < limit && labels[i] !== IGNORED,
      special: tokenizer.isSpecial(id),
      ...(i >= limit ? { cut: true as const } : {}),
      ...(tokenizer.eosIds.includes(id) ? { end: true as const } : {}),
    };
  };
  for (let i = 0; i < ids.length; i++) add(stream.push(ids[i] ?? 0), kindOf(i));
  const { end: _, ...last } = kindOf(ids.length - 1);
  add(stream.end(), { ...last, special: false });
  return spans;
}
