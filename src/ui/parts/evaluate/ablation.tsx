/** Which part of the skill helps? */
import { ablationObstacle, leaveOut } from "@/ui/state/ablation";
import { idle } from "@/ui/state/core";
import { skillSlot } from "@/ui/state/skill";

export function AblationAsk() {
  if (skillSlot.skill.value === null) return null;
  const button = (by: "sections" | "paragraphs", words: string) => (
    <button
      type="button"
      class="quiet small"
      data-testid={`ablate-${by}`}
      disabled={!idle.value || ablationObstacle.value !== null}
      onClick={() => void leaveOut(by)}
    >
      {words}
    </button>
  );
  return (
    <div class="actions">
      <span class="soft">Which part of it helps? The suite once more, without</span>
      {button("sections", "each section")}
      {button("paragraphs", "each paragraph")}
    </div>
  );
}
