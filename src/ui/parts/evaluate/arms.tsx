/** What is compared, the texts that some arms put before the question, and what is declared before the first answer. */
import { AblationAsk } from "@/ui/parts/evaluate/ablation";
import { SkillField } from "@/ui/parts/evaluate/skill-field";
import { WriteSkill } from "@/ui/parts/evaluate/write-skill";
import { RoomPart } from "@/ui/parts/room-part";
import { idle } from "@/ui/state/core";
import { ARMS, arms, lacks, wished } from "@/ui/state/evaluate";
import { type EvaluateForm, form, setForm } from "@/ui/state/evaluate-form";
import { previousSlot, skillSlot } from "@/ui/state/skill";
import { made, making } from "@/ui/state/skill-writing";

export function Arms() {
  const [baseline] = arms.value;
  return (
    <RoomPart title="What is compared">
      <SkillField label="Skill" testid="skill" slot={skillSlot} />
      <AblationAsk />
      <details data-testid="write-skill" open={making.value !== null || made.value !== null || undefined}>
        <summary>Let a model write one</summary>
        <WriteSkill />
      </details>
      <details>
        <summary>A previous version of it</summary>
        <SkillField label="Previous skill" testid="previous" slot={previousSlot} />
      </details>
      <fieldset class="arm-list" disabled={!idle.value}>
        <legend>Arms: all get the same cases, in the same order, with the same seeds</legend>
        {ARMS.map(([name, label, words]) => {
          const missing = lacks(name);
          const on = arms.value.includes(name);
          return (
            <label key={name} data-missing={missing !== null}>
              <input
                type="checkbox"
                data-testid={`arm-${name}`}
                checked={on}
                disabled={missing !== null}
                onChange={() => {
                  wished.value = { ...wished.value, [name]: !on };
                }}
              />
              <span>
                <strong>{label}</strong> <span class="soft">{missing ?? words}</span>
                {on && name === baseline && arms.value.length > 1 && (
                  <span class="soft">; the others are compared with it</span>
                )}
              </span>
            </label>
          );
        })}
      </fieldset>
    </RoomPart>
  );
}

type NumberName = "repeats" | "k" | "temperature" | "maxTokens" | "seed" | "margin";
const NUMBERS: readonly (readonly [NumberName, string, { min: number; max: number; step: number }])[] = [
  ["repeats", "Answers to a case", { min: 1, max: 100, step: 1 }],
  ["k", "k of pass@k", { min: 1, max: 100, step: 1 }],
  ["temperature", "Temperature", { min: 0, max: 2, step: 0.1 }],
  ["maxTokens", "Longest answer, tokens", { min: 1, max: 4096, step: 1 }],
  ["seed", "Seed", { min: 0, max: 1e9, step: 1 }],
];

export function Declared() {
  const { metric, margin } = form.value;
  const set =
    (name: NumberName, { min, max }: { min: number; max: number }) =>
    (event: { currentTarget: HTMLInputElement }) => {
      const value = event.currentTarget.valueAsNumber;
      if (Number.isFinite(value)) setForm({ [name]: Math.min(max, Math.max(min, value)) } as Partial<EvaluateForm>);
    };
  const number = (name: NumberName, label: string, limits: { min: number; max: number; step: number }) => (
    <label key={name}>
      {label}
      <input
        type="number"
        data-testid={`evaluate-${name}`}
        {...limits}
        value={form.value[name]}
        onInput={set(name, limits)}
      />
    </label>
  );
  return (
    <RoomPart title="What decides, said before the run">
      <p class="soft">
        This is fixed and hashed before the first answer; a report whose rule was changed later says so.
      </p>
      <fieldset class="form-grid" disabled={!idle.value}>
        <legend class="unseen">What decides</legend>
        <label>
          What is measured
          <select
            data-testid="evaluate-metric"
            value={metric}
            onChange={(event) =>
              setForm({ metric: event.currentTarget.value === "mean score" ? "mean score" : "pass rate" })
            }
          >
            <option value="pass rate">share of cases passed</option>
            <option value="mean score">mean score</option>
          </select>
        </label>
        {number("margin", "Smallest gain that counts, points", { min: 0, max: 50, step: 1 })}
        <label>
          How a question is put
          <select
            data-testid="evaluate-frame"
            value={form.value.frame}
            onChange={(event) => setForm({ frame: event.currentTarget.value as EvaluateForm["frame"] })}
          >
            <option value="auto">as suits suite and model</option>
            <option value="chat">by the chat template</option>
            <option value="plain">as plain text</option>
          </select>
        </label>
        {NUMBERS.map(([name, label, limits]) => number(name, label, limits))}
      </fieldset>
      <fieldset class="checks" disabled={!idle.value}>
        <legend class="unseen">Beside it</legend>
        <label>
          <input
            type="checkbox"
            data-testid="evaluate-general"
            checked={form.value.general}
            onChange={() => setForm({ general: !form.value.general })}
          />
          also the loss on general text: what may have been forgotten
        </label>
      </fieldset>
      <p class="help">
        Better or worse: the paired 95 % interval lies{" "}
        {margin === 0 ? "wholly on one side of 0" : `beyond ${margin} points`}. Anything else is inconclusive; below 20
        cases there is no verdict.
      </p>
    </RoomPart>
  );
}
