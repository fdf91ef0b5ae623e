/** What came of it: the skill, what its writer saw of the cases, what it did not, and ways to take it. All of its words are text. */
import { FindingList } from "@/ui/parts/evaluate/finding-list";
import { save } from "@/ui/parts/save";
import { idle } from "@/ui/state/core";
import { plural } from "@/ui/state/format";
import { type Generated, skillName, skillZip, takeMade } from "@/ui/state/skill-writing";

interface MadeSkillProps {
  readonly skill: Generated;
  readonly task: string;
  readonly at: Date;
}

export function MadeSkill({ skill: made, task, at }: MadeSkillProps) {
  const { skill, halves, rounds, report, findings, notes } = made;
  const name = skillName(made);
  const seen = halves.refining.cases.length;
  const against = report.comparisons.find(({ after }) => after === "skill");
  const unseen = halves.reporting.cases.length;
  return (
    <section class="made-skill" data-testid="made" aria-label="The written skill">
      <h3>{name}</h3>
      <details>
        <summary>SKILL.md{skill.files.length > 0 && ` and ${plural(skill.files.length, "file")} beside it`}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard */}
        <pre class="jobs-text" tabIndex={0} data-testid="made-source">
          {skill.source}
        </pre>
      </details>
      <dl class="made-halves">
        <div>
          <dt>The half that its writer saw: {plural(seen, "case")}</dt>
          <dd data-testid="made-seen">
            {rounds.map(({ passed, kept }, i) => `${i > 0 ? ", then " : ""}${passed}${kept ? "" : " (not kept)"}`)} of{" "}
            {rounds[0]?.answers.answers.length ?? seen} pass.{" "}
            <span class="soft">That it learned from these proves nothing.</span>
          </dd>
        </div>
        <div>
          <dt>The half that it never saw: {plural(unseen, "case")}</dt>
          <dd data-testid="made-unseen">
            {report.summaries
              .map(({ arm, passed, answers }) => `${ARMS[arm] ?? arm} ${passed} of ${answers}`)
              .join(", ")}
            . {against && !report.stopped ? against.sentence : report.sentence}{" "}
            <span class="soft">The whole report stands at the end of this room.</span>
          </dd>
        </div>
      </dl>
      {findings.length > 0 && <FindingList found={findings} testid="made-findings" />}
      {notes.map((note) => (
        <p key={note} class="help">
          {note}
        </p>
      ))}
      <div class="actions">
        <button
          type="button"
          class="quiet"
          data-testid="made-use"
          disabled={!idle.value}
          onClick={() => void takeMade(made)}
        >
          Use it above, with the unseen cases
        </button>
        <button
          type="button"
          class="quiet"
          data-testid="made-save"
          onClick={() => save("SKILL.md", new Blob([skill.source], { type: "text/markdown" }))}
        >
          Download SKILL.md
        </button>
        <button
          type="button"
          class="quiet"
          data-testid="made-zip"
          onClick={async () => save(`${name}.zip`, await skillZip(task, at, made))}
        >
          Download all: skill, cases, runs
        </button>
      </div>
    </section>
  );
}

const ARMS: Readonly<Record<string, string>> = { base: "Without it", skill: "with it", placebo: "with a placebo" };
