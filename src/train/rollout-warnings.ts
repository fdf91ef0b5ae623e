/** What people are told of rewards: those that fail, groups of empty answers, and stretches with nothing to learn. */
import type { RewardTable } from "@/eval/rewards";
import { spread } from "@/train/grpo";

/** Groups that all got one reward for so many samplings in a row are worth a word. */
const PATIENCE = 5;

/** No answer was better than another, so the group teaches nothing. */
export const isFlat = (rewards: readonly number[]) => !(spread(rewards).deviation > 1e-8);

/** Says each thing once: a reward that fails, groups of nothing, and long stretches with nothing to learn. */
export function createWarnings() {
  const said = new Set<string>();
  let flat = 0;
  return (
    { failures, totals }: RewardTable,
    groups: readonly (readonly number[])[],
    texts: readonly (readonly string[])[],
  ): string[] => {
    const found: (readonly [key: string, text: string])[] = failures.map(({ name, count, example }) => [
      `fails ${name}`,
      `The reward "${name}" failed on ${count} of ${totals.length} answers: ${example}. They count as not rewarded; the errors are charted.`,
    ]);
    if (texts.some((group) => group.every((text) => text === ""))) {
      found.push(["empty", "All answers to one prompt were empty: the model ended at once, each time."]);
    }
    flat = groups.every(isFlat) ? flat + 1 : 0;
    if (flat >= PATIENCE) {
      const level = spread(totals).mean;
      const why = level > 0 ? `all answers get ${level.toFixed(2)}` : "no answer gets any reward";
      found.push([
        "flat",
        `There is nothing to learn: for ${flat} samplings in a row ${why}. Try prompts of another difficulty, a reward with more steps, more answers a prompt or a higher temperature.`,
      ]);
    }
    return found.flatMap(([key, text]) => {
      if (said.has(key)) return [];
      said.add(key);
      return [text];
    });
  };
}
