/** Which part of the skill helps: the suite once more with each of its parts left out. */
import { computed } from "@preact/signals";
import { readerOf } from "@/ui/state/answerers";
import { attempt, session } from "@/ui/state/core";
import { obstacle, progress, result, stopping } from "@/ui/state/evaluate";
import { form } from "@/ui/state/evaluate-form";
import { skillSlot } from "@/ui/state/skill";
import { suite } from "@/ui/state/suite";

/** Why it cannot be asked now; null: it can. */
export const ablationObstacle = computed<string | null>(() => {
  if (obstacle.value !== null) return obstacle.value;
  return skillSlot.skill.value === null ? "Give a skill first." : null;
});

/** Of the base weights, or of the first who answers where that is not the tab. */
export function leaveOut(by: "sections" | "paragraphs"): Promise<boolean> {
  return attempt("evaluate", async () => {
    const skill = skillSlot.skill.value;
    if (skill === null || suite.value === null) return;
    const { repeats, k, temperature, maxTokens, seed, metric, margin } = form.value;
    result.value = null;
    stopping.value = false;
    progress.value = { done: {}, total: 0 };
    try {
      const found = await session().evaluateSkill(
        {
          ...{ skill, reader: readerOf(), suite: suite.value, choice: skillSlot.choice.value, ablate: by },
          ...{ settings: { seed, repeats, temperature, maxTokens }, choices: { k, metric, margin: margin / 100 } },
        },
        ({ arm, done }) => {
          const now = progress.value;
          if (now !== null) progress.value = { ...now, done: { ...now.done, [arm]: done } };
        },
      );
      result.value = { report: found.report, edited: [] };
    } finally {
      progress.value = null;
    }
  });
}
