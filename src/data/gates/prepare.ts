/** Rows → what gates look at: texts and hashes are made once and shared by all of them. */
import { countTrained, type EncodedRow, IGNORED } from "@/data/encode";
import type { Row } from "@/data/row";
import type { Tokenizer } from "@/tokenizer/tokenizer";
import { hashString } from "@/util/random";
import type { GateRow, TokenFacts } from "./gate";
import { textsOf } from "./texts";
import { evenOut, hashWords } from "./words";

export interface RawRow {
  readonly line: number;
  readonly held: boolean;
  readonly row: Row;
  readonly tokens: TokenFacts | null;
}

export function prepareRow({ line, held, row, tokens }: RawRow): GateRow {
  const texts = textsOf(row);
  return {
    ...{ line, held, row, tokens },
    ...texts,
    words: hashWords(texts.prompt === "" ? texts.answer : `${texts.prompt}\n${texts.answer}`),
    promptHash: hashString(evenOut(texts.prompt)),
    answerHash: hashString(evenOut(texts.answer)),
  };
}

/** Of a row as the trainer gets it. */
export function tokenFacts(encoded: EncodedRow, tokenizer: Tokenizer): TokenFacts {
  const { ids, labels, fullLength } = encoded;
  let endTrained = false;
  for (let i = labels.length - 1; i > 0 && !endTrained; i--) {
    const label = labels[i] ?? IGNORED;
    endTrained = label !== IGNORED && tokenizer.eosIds.includes(label);
  }
  const doubleBos = tokenizer.bosId !== null && ids[0] === tokenizer.bosId && ids[1] === tokenizer.bosId;
  return { fullLength, length: ids.length, trained: countTrained(encoded), endTrained, doubleBos };
}
