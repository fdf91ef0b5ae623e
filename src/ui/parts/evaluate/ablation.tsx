/** The parts of the skill, and what leaving each out did. */
import { ablationObstacle, leaveOut } from "@/ui/state/ablation";
import { idle } from "@/ui/state/core";
import { ablation } from "@/ui/state/evaluate";
import { signedPoints } from "@/ui/state/format";
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

export function AblationTable() {
  const found = ablation.value;
  if (found === null) return null;
  return (
    <section class="card room-part" data-testid="ablation">
      <h2>Which part of the skill helps</h2>
      <div class="table-scroll">
        <table class="plain">
          <thead>
            <tr>
              {["Part", "Lines", "With it", "Interval", "p (Holm)", "Gained, lost", "Verdict"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.parts.map(({ name, lines, effect, interval, pHolm, gained, lost, verdict }) => (
              <tr key={lines[0]}>
                <th scope="row">{name}</th>
                <td class="number">
                  {lines[0]}–{lines[1]}
                </td>
                <td class="number">{signedPoints(effect)} points</td>
                <td class="number">
                  {signedPoints(interval.low)} to {signedPoints(interval.high)}
                </td>
                <td class="number">{pHolm.toFixed(3)}</td>
                <td class="number">
                  {gained}, {lost}
                </td>
                <td>{verdict}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {found.notes.map((note) => (
        <p key={note} class="soft">
          {note}
        </p>
      ))}
    </section>
  );
}
