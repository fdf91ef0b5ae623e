/** Cases in two halves by a hash of the question: the same question is always on the same side, whatever else is asked. */
import type { Case, Suite } from "@/eval/suite";
import { questionText } from "@/eval/suite";
import { sha256Hex } from "@/util/sha256";
import { keyOf } from "./cases";

export interface Halves {
  /** Whose failures the teacher sees. */
  readonly refining: Suite;
  /** Which it never sees, and on which alone is reported. */
  readonly reporting: Suite;
}

export async function halvesOf(suite: Suite, salt: number): Promise<Halves> {
  const sides: [Case[], Case[]] = [[], []];
  for (const one of suite.cases) {
    const hash = await sha256Hex(new TextEncoder().encode(`${salt}\n${keyOf(questionText(one))}`));
    sides[Number.parseInt(hash.slice(0, 8), 16) & 1]?.push(one);
  }
  return {
    refining: { ...suite, name: `${suite.name}, refining half`, cases: sides[0] },
    reporting: { ...suite, name: `${suite.name}, reporting half`, cases: sides[1] },
  };
}
