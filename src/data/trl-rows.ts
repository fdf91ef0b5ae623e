/**
 * Rows as they go to another machine: in TRL's own columns, one JSON object a line, already split, renamed and cleaned here.
 * The fingerprint is of what they become: SHA-256 over a line "ids;labels" for each training sequence; src/export/python/
 * training.py makes the same of what TRL prepared, and refuses to train on anything else.
 */
import { sha256Hex } from "@/util/sha256";
import type { Dataset } from "./dataset-types";
import type { Encoded } from "./encode";
import { answerOf } from "./questions";
import type { ChatExtras, Row } from "./row";

export interface TrlFiles {
  readonly train: string;
  /** Empty where nothing is held out. */
  readonly held: string;
  /** Null for prompts, whose answers are sampled. */
  readonly fingerprint: string | null;
}

export async function trlFiles({ train, pairs, learned, eval: held }: Dataset): Promise<TrlFiles> {
  const sequences = pairs ? pairs.train.flat() : train;
  const text = sequences.map((row) => `${listed(row.ids)};${listed(row.labels)}\n`).join("");
  return {
    train: jsonLines(learned.map(({ row }) => row)),
    held: jsonLines(held.map(({ row }) => row)),
    fingerprint: sequences.length === 0 ? null : await sha256Hex(new TextEncoder().encode(text)),
  };
}

const listed = (values: Encoded["ids"]) => Array.from(values).join(",");
const jsonLines = (rows: readonly Row[]) => rows.map((row) => `${JSON.stringify(trlRow(row))}\n`).join("");

/** What TRL would call it. */
export function trlRow(row: Row): object {
  switch (row.kind) {
    case "text":
      return { text: row.text };
    case "messages":
      return { messages: row.messages, ...extras(row) };
    case "completion":
      return { prompt: row.prompt, completion: row.completion };
    case "chat":
      return { prompt: row.prompt, completion: row.completion, ...extras(row) };
    case "pair":
      return { prompt: row.prompt, chosen: row.chosen, rejected: row.rejected };
    case "chat-pair":
      return { prompt: row.prompt, chosen: row.chosen, rejected: row.rejected, ...extras(row) };
    case "prompt":
      return { prompt: row.prompt, answer: answerOf(row.columns) };
    case "chat-prompt":
      return { prompt: row.prompt, answer: answerOf(row.columns), ...extras(row) };
    default:
      return { prompt: row.prompt, completion: row.completion, label: row.label };
  }
}

const extras = ({ tools, variables }: ChatExtras) => ({
  ...(tools ? { tools } : {}),
  ...(variables ? { chat_template_kwargs: variables } : {}),
});
