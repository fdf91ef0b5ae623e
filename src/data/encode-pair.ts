/**
 * Preference pairs, labelled answers and prompts → token ids, as TRL's DPO, KTO and GRPO trainers prepare them.
 *
 * The answer begins where the ids of the prompt alone and of prompt + answer diverge; a pair shares one prompt, so the
 * shorter of both agreements counts. EOS is appended to plain texts only, since chat templates write their own.
 */
import { commonPrefixLength } from "@/tokenizer/token-mask";
import { type Codec, chatIds, chatOptions, type Encoded, IGNORED, requireTemplate, withEos } from "./encode";
import type { ChatExtras, Messages, PairRow, PromptRow, UnpairedRow } from "./row";

export interface EncodedPair {
  readonly prompt: Uint32Array<ArrayBuffer>;
  /** Without the prompt; `prompt ++ chosen` is one sequence, `prompt ++ rejected` the other. */
  readonly chosen: Uint32Array<ArrayBuffer>;
  readonly rejected: Uint32Array<ArrayBuffer>;
}

/** Nothing is cut. Throws "dataset/malformed" when the template refuses, "model/missing-file" when there is none. */
export function encodePair(row: PairRow, codec: Codec): EncodedPair {
  const chosen = row.kind === "pair" ? textParts(row, row.chosen, codec) : chatParts(row, row.chosen, codec);
  const rejected = row.kind === "pair" ? textParts(row, row.rejected, codec) : chatParts(row, row.rejected, codec);
  const shared = Math.min(chosen.shared, rejected.shared);
  return {
    prompt: Uint32Array.from(chosen.prompt.slice(0, shared)),
    chosen: Uint32Array.from(chosen.whole.slice(shared)),
    rejected: Uint32Array.from(rejected.whole.slice(shared)),
  };
}

/** Prompt and answer as one sequence, of which the answer teaches; at most `limit` tokens. */
export function answerSequence(prompt: Uint32Array, answer: Uint32Array, limit = Number.POSITIVE_INFINITY): Encoded {
  const ids = Uint32Array.from([...prompt, ...answer].slice(0, limit));
  return { ids, labels: Int32Array.from(ids, (id, i) => (i < prompt.length ? IGNORED : id)) };
}

export interface EncodedAnswer {
  readonly prompt: Uint32Array<ArrayBuffer>;
  readonly completion: Uint32Array<ArrayBuffer>;
  readonly label: boolean;
}

/** Of KTO's rows. */
export function encodeUnpaired(row: UnpairedRow, codec: Codec): EncodedAnswer {
  const parts = row.kind === "unpaired" ? textParts(row, row.completion, codec) : chatParts(row, row.completion, codec);
  return {
    prompt: Uint32Array.from(parts.prompt.slice(0, parts.shared)),
    completion: Uint32Array.from(parts.whole.slice(parts.shared)),
    label: row.label,
  };
}

/** Of GRPO's rows: what an answer continues. That trainer reads neither tools nor template arguments of a row. */
export function encodePromptOnly(row: PromptRow, codec: Codec): Uint32Array<ArrayBuffer> {
  if (row.kind === "prompt") return Uint32Array.from(codec.tokenizer.encode(row.prompt));
  const text = requireTemplate(codec).render(row.prompt, { addGenerationPrompt: true });
  return Uint32Array.from(chatIds(codec, text));
}

interface Parts {
  readonly prompt: readonly number[];
  readonly whole: readonly number[];
  /** Leading ids that prompt and whole have in common. */
  readonly shared: number;
}

function textParts({ prompt: asked }: { readonly prompt: string }, answer: string, { tokenizer }: Codec): Parts {
  return parts(tokenizer.encode(asked), tokenizer.encode(asked + withEos(answer, tokenizer)));
}

function chatParts(row: { readonly prompt: Messages } & ChatExtras, answer: Messages, codec: Codec): Parts {
  const template = requireTemplate(codec);
  const options = chatOptions(row);
  return parts(
    chatIds(codec, template.render(row.prompt, { ...options, addGenerationPrompt: true })),
    chatIds(codec, template.render([...row.prompt, ...answer], options)),
  );
}

function parts(prompt: readonly number[], whole: readonly number[]): Parts {
  return { prompt, whole, shared: commonPrefixLength(prompt, whole) };
}
