/** What is to be trained elsewhere: a model by its name alone, rows, and the settings that a larger GPU invites to change. */
import { FieldRow } from "@/ui/parts/field";
import { FilePicker } from "@/ui/parts/files";
import { StartField } from "@/ui/parts/jobs/start-field";
import { NameInput } from "@/ui/parts/name-input";
import { RoomPart } from "@/ui/parts/room-part";
import { activity, idle } from "@/ui/state/core";
import {
  jobModel,
  jobRowsName,
  makePlan,
  ownRows,
  planIsOld,
  planned,
  planObstacle,
  typedModel,
} from "@/ui/state/jobs-plan";
import { draft } from "@/ui/state/recipe";
import { isFor, MAIN_FIELDS, MORE_FIELDS } from "@/ui/state/recipe-fields";

const SHOWN = new Set([
  ...[
    "method",
    "trains",
    "start",
    "schedule.steps",
    "optimizer.learningRate",
    "batch.size",
    "data.maxLength",
    "lora.rank",
  ],
]);

export function PlanForm() {
  const blocked = !idle.value;
  return (
    <RoomPart title="What to train">
      <div class="fields">
        <div class="field">
          <label for="jobs-model">Model on the Hub</label>
          <NameInput
            id="jobs-model"
            placeholder="Qwen/Qwen3-8B"
            value={jobModel.value}
            disabled={blocked}
            help="jobs-model-help"
            onValue={(value) => {
              typedModel.value = value;
            }}
          />
          <p class="help" id="jobs-model-help">
            Its configuration and tokenizer are read, no weights: it may be far larger than this tab.
          </p>
        </div>
        <div class="field">
          <label for="jobs-rows-name">Rows</label>
          <input
            id="jobs-rows-name"
            type="text"
            readOnly
            data-testid="jobs-rows"
            value={jobRowsName.value}
            placeholder="none yet"
          />
          <p class="help">
            {ownRows.value ? "A file that was picked here." : "Those that are open in the first room."}
          </p>
        </div>
      </div>
      <div class="actions">
        <FilePicker
          label="Pick a file of rows"
          testid="jobs-rows-file"
          accept=".jsonl,.json,.csv,.parquet"
          disabled={blocked}
          onFiles={([file]) => {
            const train = file && { name: file.name, blob: file };
            if (train) ownRows.value = { kind: "files", name: train.name, train };
          }}
        />
        {ownRows.value && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              ownRows.value = null;
            }}
          >
            Use the open rows
          </button>
        )}
      </div>
      <details class="more">
        <summary>
          Recipe: {draft.value.method.toUpperCase()}, {draft.value.schedule.steps} steps of {rowsOfStep()} rows
        </summary>
        <div class="fields">
          {[...MAIN_FIELDS, ...MORE_FIELDS]
            .filter((field) => SHOWN.has(field.path) && isFor(field, draft.value))
            .map((field) => (
              <FieldRow key={field.path} field={field} disabled={blocked} />
            ))}
        </div>
        <StartField />
        <p class="help">
          The same recipe as <a href="#/">in the first room</a>, where all of its settings are.
        </p>
      </details>
      <div class="actions">
        <button
          type="button"
          class="primary"
          data-testid="jobs-plan"
          disabled={blocked || planObstacle.value !== null}
          onClick={() => void makePlan()}
        >
          {activity.value === "jobs" && planned.value === null ? "Planning…" : planned.value ? "Plan again" : "Plan"}
        </button>
        {planObstacle.value !== null ? (
          <span class="soft">{planObstacle.value}</span>
        ) : (
          planIsOld.value && <span class="wrong">The recipe, model or rows have changed since this plan.</span>
        )}
      </div>
    </RoomPart>
  );
}

function rowsOfStep(): number {
  const { size, accumulate } = draft.value.batch;
  return size * accumulate;
}
