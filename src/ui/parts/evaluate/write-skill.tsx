/** No skill yet: a model writes one, and another that reads it says whether it helps. */

import { MadeSkill } from "@/ui/parts/evaluate/made-skill";
import { ServerFields } from "@/ui/parts/evaluate/server-fields";
import { FilePicker } from "@/ui/parts/files";
import { StoppableProgress } from "@/ui/parts/progress";
import { idle } from "@/ui/state/core";
import { stopEvaluation, stopping } from "@/ui/state/evaluate";
import { plural } from "@/ui/state/format";
import {
  made,
  making,
  material,
  openMaterial,
  reporting,
  setSkillForm,
  skillForm,
  teacher,
  writers,
  writeSkill,
  writingObstacle,
} from "@/ui/state/skill-writing";
import { suite } from "@/ui/state/suite";

export function WriteSkill() {
  const { task, writer } = skillForm.value;
  const blocked = !idle.value;
  return (
    <div class="write-skill">
      <p class="soft">
        One model writes the skill; whoever answers above reads it. Failures on one half of the cases go back to the
        writer. It never sees the other half, and the report is on that one alone.
      </p>
      <label>
        What it is to teach
        <textarea
          rows={3}
          data-testid="write-task"
          placeholder="Name our products by their codes, as the catalogue does"
          value={task}
          disabled={blocked}
          onInput={(event) => setSkillForm({ task: event.currentTarget.value })}
        />
      </label>
      <MaterialField />
      <div class="form-grid">
        <label>
          Who writes
          <select
            data-testid="write-writer"
            value={writer}
            disabled={blocked}
            onChange={(event) => setSkillForm({ writer: event.currentTarget.value })}
          >
            {writers.value.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <Rounds />
      </div>
      {writer === "server" ? (
        <ServerFields at={teacher} testid="teacher" />
      ) : (
        <p class="help">A small model seldom writes a skill that can be used; then it is told, and nothing is made.</p>
      )}
      <HalvedCases />
      <Ask />
      {made.value && <MadeSkill {...made.value} />}
    </div>
  );
}

function MaterialField() {
  const given = material.value;
  const blocked = !idle.value;
  if (given) {
    return (
      <p class="actions" data-testid="write-material">
        <span>
          <strong>{given.name}</strong>: {given.kind === "examples" ? "examples" : "the trace of an agent"}
        </span>
        <button
          type="button"
          class="quiet small"
          disabled={blocked}
          onClick={() => {
            material.value = null;
          }}
        >
          Leave it out
        </button>
      </p>
    );
  }
  return (
    <div class="actions">
      <span class="soft">From what else? If you have it:</span>
      <FilePicker
        label="Examples"
        testid="write-examples"
        disabled={blocked}
        onFiles={([file]) => file && void openMaterial(file, "examples")}
      />
      <FilePicker
        label="An agent’s trace"
        testid="write-trace"
        disabled={blocked}
        onFiles={([file]) => file && void openMaterial(file, "trace")}
      />
    </div>
  );
}

function Rounds() {
  return (
    <label>
      Rounds of refining
      <input
        type="number"
        min={0}
        max={10}
        data-testid="write-rounds"
        value={skillForm.value.rounds}
        disabled={!idle.value}
        onInput={({ currentTarget: { valueAsNumber: n } }) =>
          Number.isInteger(n) && setSkillForm({ rounds: within(n, 0, 10) })
        }
      />
    </label>
  );
}

const within = (n: number, low: number, high: number) => Math.min(high, Math.max(low, n));

function HalvedCases() {
  const { own, cases } = skillForm.value;
  const { all, gain, sentence } = reporting.value;
  const blocked = !idle.value;
  const choice = (value: boolean, words: string) => (
    <label>
      <input
        type="radio"
        name="write-cases"
        data-testid={`write-cases-${value ? "own" : "written"}`}
        checked={own === value}
        disabled={blocked}
        onChange={() => setSkillForm({ own: value })}
      />
      {words}
    </label>
  );
  return (
    <>
      <fieldset class="checks">
        <legend class="unseen">Cases</legend>
        {choice(false, "Cases that it makes up, apart from the skill:")}
        <label>
          <span class="unseen">How many</span>
          <input
            type="number"
            class="short"
            min={4}
            max={500}
            data-testid="write-cases"
            value={cases}
            disabled={blocked || own}
            onInput={({ currentTarget: { valueAsNumber: n } }) =>
              Number.isInteger(n) && setSkillForm({ cases: within(n, 1, 500) })
            }
          />
        </label>
        {choice(true, suite.value ? `The ${plural(suite.value.cases.length, "case")} above` : "The cases above")}
      </fieldset>
      {all > 1 && (
        <p class="help">
          About half of {all} report: {sentence}
          {(gain === null || all < 40) && " Below 20 in that half there is no verdict."}
        </p>
      )}
    </>
  );
}

const PHASES = {
  skill: "The skill is written",
  cases: "Cases are written",
  refine: "Refining on the half that the writer sees",
  report: "Reporting on the half that it never saw",
} as const;

function Ask() {
  const going = making.value;
  if (going !== null) {
    const { phase, done, total, note } = going;
    const words = stopping.value ? "Stopping" : `${PHASES[phase]}${phase === "refine" && note ? `: ${note}` : ""}`;
    return (
      <StoppableProgress
        label={words}
        fraction={total > 1 ? done / total : null}
        testid="write-progress"
        stop={{ testid: "write-stop", disabled: stopping.value, onStop: stopEvaluation }}
      />
    );
  }
  return (
    <div class="actions">
      <button
        type="button"
        class="quiet"
        data-testid="write-start"
        disabled={!idle.value || writingObstacle.value !== null}
        onClick={() => void writeSkill()}
      >
        {made.value ? "Write another" : "Write it"}
      </button>
      {writingObstacle.value && <span class="soft">{writingObstacle.value}</span>}
    </div>
  );
}
