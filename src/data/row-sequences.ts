/** A row of any type as the sequences that its trainer makes of it, uncut: what the model reads, and which tokens teach. */
import { type Codec, type Encoded, encodeRow, type Loss } from "./encode";
import { answerSequence, encodePair, encodePromptOnly, encodeUnpaired } from "./encode-pair";
import type { Row } from "./row";

export interface RowSequence {
  /** "Chosen", "Rejected"; empty where a row is one sequence. */
  readonly label: string;
  readonly encoded: Encoded;
}

export function rowSequences(row: Row, codec: Codec, loss: Loss): RowSequence[] {
  switch (row.kind) {
    case "pair":
    case "chat-pair": {
      const { prompt, chosen, rejected } = encodePair(row, codec);
      return [
        { label: "Chosen", encoded: answerSequence(prompt, chosen) },
        { label: "Rejected", encoded: answerSequence(prompt, rejected) },
      ];
    }
    case "prompt":
    case "chat-prompt":
      return [{ label: "", encoded: answerSequence(encodePromptOnly(row, codec), new Uint32Array()) }];
    case "unpaired":
    case "chat-unpaired": {
      const { prompt, completion, label } = encodeUnpaired(row, codec);
      return [{ label: label ? "Wanted" : "Not wanted", encoded: answerSequence(prompt, completion) }];
    }
    default:
      return [{ label: "", encoded: encodeRow(row, codec, loss, Number.MAX_SAFE_INTEGER) }];
  }
}
