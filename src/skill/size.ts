/** How long a skill is in a model's tokens, part by part, and whether it fits with the longest question and its answer. */

import { sectionsOf, textOf } from "./sections";
import { descriptionOf, isReference, isScript, nameOf, type Skill } from "./skill";

export const ADVISED_TOKENS = 5000;

export interface PartSize {
  readonly kind: "about" | "body" | "section" | "reference" | "script" | "other";
  readonly name: string;
  readonly tokens: number;
}

/** What an agent reads always (about), when it opens the skill (body), and later (the files). Sections are part of the body. */
export function sizeOf(skill: Skill, count: (text: string) => number): PartSize[] {
  const about = `${nameOf(skill) ?? ""}: ${descriptionOf(skill)}`;
  return [
    { kind: "about", name: "name and description", tokens: count(about) },
    { kind: "body", name: "body", tokens: skill.body === "" ? 0 : count(skill.body) },
    ...sectionsOf(skill.body).map((section) => ({
      ...{ kind: "section" as const, name: section.name, tokens: count(textOf(skill.body, section)) },
    })),
    ...skill.files.flatMap((file) =>
      file.text === null
        ? []
        : [
            {
              kind: isReference(file)
                ? ("reference" as const)
                : isScript(file)
                  ? ("script" as const)
                  : ("other" as const),
              ...{ name: file.path, tokens: count(file.text) },
            },
          ],
    ),
  ];
}

export interface Fit {
  /** Of what is put before the question. */
  readonly skill: number;
  /** Of the longest question, 0 where there is no suite. */
  readonly question: number;
  /** Kept free for the answer. */
  readonly answer: number;
  readonly context: number;
  readonly fits: boolean;
  readonly sentence: string;
}

export function fitOf(skill: number, question: number, answer: number, context: number): Fit {
  // A template puts marks around each turn.
  const marks = 16;
  const all = skill + question + answer + marks;
  const fits = all <= context;
  const parts = `${skill} tokens of skill, ${question} of the longest question, ${answer} for the answer`;
  const sentence = fits
    ? `It fits: ${parts}, of the model's ${context}.`
    : `It does not fit: ${parts} make ${all}, the model holds ${context}.`;
  return { skill, question, answer, context, fits, sentence };
}
