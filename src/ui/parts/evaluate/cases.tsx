/** The suite: a bundled one, a file, cases written by hand, and what so many cases can show at all. */
import { DropZone, FilePicker } from "@/ui/parts/files";
import { RoomPart } from "@/ui/parts/room-part";
import { catalog } from "@/ui/state/catalog";
import { idle } from "@/ui/state/core";
import { plural } from "@/ui/state/format";
import {
  addCase,
  CHECKS,
  type CheckType,
  closeSuite,
  nextCase,
  openBundled,
  opened,
  openSuite,
  power,
  removeCase,
  suite,
  tags,
  written,
} from "@/ui/state/suite";

export function Cases() {
  const blocked = !idle.value;
  const onFiles = ([file]: File[]) => file && void openSuite(file);
  return (
    <RoomPart title="Cases">
      <div class="choices">
        <DropZone onFiles={onFiles} disabled={blocked}>
          <p>
            <strong>A suite of yours</strong>
          </p>
          <p class="soft">
            promptfoo, upskill, evals.json, HumanEval, MBPP, multiple choice, or rows with what is expected.
          </p>
          <div class="actions">
            <FilePicker
              label="Choose a file"
              testid="suite-file"
              accept=".json,.jsonl,.yaml,.yml,.csv"
              disabled={blocked}
              onFiles={onFiles}
            />
          </div>
        </DropZone>
        <div class="zone solid">
          <p>
            <strong>Bundled</strong>
          </p>
          <p class="soft">Held-out rows of the bundled data.</p>
          <div class="actions">
            {catalog.value
              .filter(({ recipe }) => recipe.method !== "dpo")
              .map(({ name, title }) => (
                <button
                  key={name}
                  type="button"
                  class="quiet small"
                  data-testid={`suite-${name}`}
                  disabled={blocked}
                  onClick={() => void openBundled(name)}
                >
                  {title}
                </button>
              ))}
          </div>
        </div>
      </div>
      {opened.value && (
        <p class="actions" data-testid="suite-open">
          <span>
            <strong>{opened.value.name}</strong>: {plural(opened.value.cases.length, "case")}, {opened.value.format}
            {tags.value.length > 0 && `, ${plural(tags.value.length, "tag")}`}
          </span>
          <button type="button" class="quiet small" disabled={blocked} onClick={closeSuite}>
            Leave it out
          </button>
        </p>
      )}
      <Written />
    </RoomPart>
  );
}

function Written() {
  const { question, check, expected } = nextCase.value;
  const set = (change: Partial<typeof nextCase.value>) => {
    nextCase.value = { ...nextCase.value, ...change };
  };
  return (
    <form
      class="written-cases"
      onSubmit={(event) => {
        event.preventDefault();
        addCase();
      }}
    >
      <h3>Cases of your own</h3>
      {written.value.length > 0 && (
        <ol class="written-list">
          {written.value.map((one, i) => (
            <li key={i} data-testid="written-case">
              <span class="written-question">{one.question}</span>
              <span class="soft">
                {CHECKS.find(([type]) => type === one.check)?.[1]} <code>{one.expected}</code>
              </span>
              <button type="button" class="quiet small" disabled={!idle.value} onClick={() => removeCase(i)}>
                Remove<span class="unseen"> case {i + 1}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
      <div class="written-next">
        <label>
          Question
          <textarea
            rows={2}
            data-testid="case-question"
            value={question}
            onInput={(event) => set({ question: event.currentTarget.value })}
          />
        </label>
        <label>
          A good answer
          <select
            data-testid="case-check"
            value={check}
            onChange={(event) => set({ check: event.currentTarget.value as CheckType })}
          >
            {CHECKS.map(([type, words]) => (
              <option key={type} value={type}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label>
          What
          <input
            type="text"
            data-testid="case-expected"
            value={expected}
            onInput={(event) => set({ expected: event.currentTarget.value })}
          />
        </label>
      </div>
      <div class="actions">
        <button
          type="submit"
          class="quiet"
          data-testid="add-case"
          disabled={!idle.value || question.trim() === "" || expected.trim() === ""}
        >
          Add case
        </button>
        <Power />
      </div>
    </form>
  );
}

/** A scale of gains from 0 to 100 points; the part that so many cases cannot tell from chance is grey. */
function Power() {
  const { cases, gain, sentence } = power.value;
  if (cases === 0) return <span class="soft">The more cases, the smaller the gain that can be told from chance.</span>;
  return (
    <div class="power-meter" data-testid="power-meter">
      <svg width="100%" height="10" aria-hidden="true">
        <rect class="power-seen" width="100%" height="10" rx="5" />
        <rect class="power-unseen" width={`${100 * (gain ?? 1)}%`} height="10" rx="5" />
      </svg>
      <span class="soft number">
        {suite.value && gain !== null ? sentence : `${sentence} At least 20 are needed for a verdict.`}
      </span>
    </div>
  );
}
