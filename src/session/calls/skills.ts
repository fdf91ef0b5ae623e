/** A skill and the open model: how long it is in the model's tokens, and whether it fits. */
import { questionText, type Suite } from "@/eval/suite";
import type { Core } from "@/session/core";
import { composeSkill, inert, type SkillChoice } from "@/skill/compose";
import { ADVISED_TOKENS, type Fit, fitOf, type PartSize, sizeOf } from "@/skill/size";
import type { Skill } from "@/skill/skill";

export interface SkillSize {
  readonly model: string;
  readonly parts: readonly PartSize[];
  readonly fit: Fit;
  /** Above what the specification advises for a body. */
  readonly long: boolean;
  /** Marks of the model's chat template that the skill spells; they reach the model as plain text. */
  readonly marks: readonly string[];
}

export interface SkillCalls {
  /** `suite` gives the longest question, `answer` is what is kept free for one. */
  skillSize(skill: Skill, choice: SkillChoice, suite: Suite | null, answer: number): Promise<SkillSize>;
}

export function skillCalls({ requireModel }: Core): SkillCalls {
  return {
    skillSize: async (skill, choice, suite, answer) => {
      const { tokenizer, info, runtime } = requireModel();
      const count = (text: string) => tokenizer.encode(text, { special: false }).length;
      const parts = sizeOf(skill, count);
      const { text, changed } = inert(composeSkill(skill, choice), specialSpellings(tokenizer));
      const longest = Math.max(0, ...(suite?.cases ?? []).map((one) => count(questionText(one))));
      const body = parts.find(({ kind }) => kind === "body")?.tokens ?? 0;
      return {
        ...{ model: info.name, parts, fit: fitOf(count(text), longest, answer, runtime.positions) },
        ...{ long: body > ADVISED_TOKENS, marks: changed },
      };
    },
  };
}

/** How the vocabulary spells what only a template may write. */
export function specialSpellings({
  vocabSize,
  isSpecial,
  tokenText,
}: ReturnType<Core["requireModel"]>["tokenizer"]): string[] {
  const found: string[] = [];
  for (let id = 0; id < vocabSize; id++) if (isSpecial(id)) found.push(tokenText(id));
  return found.filter((text) => text.length > 2);
}
