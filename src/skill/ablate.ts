/**
 * Which part of a skill helps: every case is answered with the whole skill and with each part left out, on the same seeds.
 * The effect of a part is the pass rate with it minus without it. p-values are adjusted for asking about several parts
 * (Holm); intervals hold for all parts at once (Bonferroni: Newcombe's at 1 − 0.05/m).
 */
import { AppError } from "@/errors";
import type { Ablation, PartEffect } from "@/eval/ablation";
import { comparePair, pairUp, points } from "@/eval/paired";
import { MIN_CASES } from "@/eval/report";
import type { ArmAnswers } from "@/eval/run-arms";
import { newcombePaired } from "@/eval/statistics";
import { effectiveCounts } from "@/eval/statistics/clusters";
import { holm } from "@/eval/statistics/many";
import { normalQuantile } from "@/eval/statistics/normal";
import { composeSkill, type SkillChoice } from "./compose";
import { paragraphsOf, type Section, sectionsOf, textOf, without } from "./sections";
import type { Skill } from "./skill";

export interface Part {
  /** Of the arm in which it is left out: "without 2". */
  readonly arm: string;
  readonly section: Section;
  readonly text: string;
  /** What reaches the model when it is left out. */
  readonly rest: string;
}

const ALPHA = 0.05;

export function partsOf(skill: Skill, by: "sections" | "paragraphs", choice?: SkillChoice): Part[] {
  const { body } = skill;
  const sections = by === "sections" ? sectionsOf(body) : paragraphsOf(body);
  if (sections.length < 2) {
    throw new AppError(
      "usage",
      `The skill has ${sections.length} part${sections.length === 1 ? "" : "s"} to leave out; two are needed.`,
      {
        hint:
          by === "sections"
            ? "Give it headings, or leave out paragraphs instead."
            : "Write it in more than one paragraph.",
      },
    );
  }
  return sections.map((section, i) => ({
    ...{ arm: `without ${i + 1}`, section, text: textOf(body, section) },
    rest: composeSkill(skill, choice, without(body, section)),
  }));
}

/** Answers that leaving out each part takes, besides those of the whole skill. */
export const callsOf = (parts: number, cases: number, repeats: number): number => parts * cases * repeats;

export function ablate(
  skill: Skill,
  parts: readonly Part[],
  whole: ArmAnswers,
  reduced: readonly ArmAnswers[],
  seed: number,
): Ablation {
  const z = normalQuantile(1 - ALPHA / (2 * Math.max(1, parts.length)));
  const raw = parts.map((part) => {
    const answers = reduced.find(({ arm }) => arm === part.arm)?.answers ?? [];
    const paired = comparePair({ name: part.arm, answers }, { name: "skill", answers: whole.answers }, seed);
    return { part, paired, interval: newcombePaired(effectiveCounts(pairUp(answers, whole.answers).repeats), z) };
  });
  const adjusted = holm(raw.map(({ paired }) => paired.pValue));
  const effects = raw.map(({ part, paired, interval }, i): PartEffect => {
    const pHolm = adjusted[i] ?? 1;
    const enough = paired.cases >= MIN_CASES && pHolm <= ALPHA && paired.difference !== 0;
    const verdict = enough ? (paired.difference > 0 ? "helps" : "hurts") : "cannot tell";
    const { from, to } = part.section;
    const figures = {
      ...{ name: part.section.name, text: part.text, effect: paired.difference, interval },
      ...({ pValue: paired.pValue, pHolm, verdict, cases: paired.cases, pairs: paired.pairs } as const),
      ...{ unanswered: paired.unanswered, gained: paired.counts.fixed, lost: paired.counts.broken },
      lines: [skill.bodyLine + from, skill.bodyLine + to - 1] as const,
    };
    return { ...figures, sentence: sentenceOf(figures) };
  });
  const calls = reduced.reduce((sum, { answers }) => sum + answers.length, 0);
  return { parts: effects, calls, notes: notesOf(effects) };
}

function sentenceOf({
  name,
  verdict,
  effect,
  interval,
  gained,
  lost,
  pHolm,
  cases,
}: Omit<PartEffect, "sentence">): string {
  const range = `${points(effect)} points, interval ${points(interval.low)} to ${points(interval.high)}, Holm's p ${pHolm.toFixed(3)}`;
  const told = `${gained} answers pass only with it, ${lost} only without it (${range})`;
  if (verdict === "cannot tell") {
    const few = cases < MIN_CASES ? `; ${MIN_CASES} cases are needed for a verdict` : "";
    return `${name}: cannot tell: ${told}${few}.`;
  }
  return `${name}: ${verdict}: ${told}.`;
}

function notesOf(effects: readonly PartEffect[]): string[] {
  const told = effects.filter(({ verdict }) => verdict !== "cannot tell").length;
  const notes = [
    "Each part is left out alone: two parts that say the same cover for each other, and neither seems to help.",
  ];
  if (told === 0) notes.push("No part's effect can be told from chance; more cases would tell smaller ones.");
  return notes;
}
