/** From a plan to a job that costs: what can be known before, each with a tick, and then one question. */
import type { Preflight } from "@/offload/preflight";
import { Access } from "@/ui/parts/jobs/access";
import { Confirm } from "@/ui/parts/jobs/confirm";
import { StoppableProgress } from "@/ui/parts/progress";
import { RoomPart } from "@/ui/parts/room-part";
import { faults, idle } from "@/ui/state/core";
import { token } from "@/ui/state/hub";
import { fullAsk, planIsOld } from "@/ui/state/jobs-plan";
import { asking, checkJob, preview, schedule, scheduled, sent, stopSending } from "@/ui/state/jobs-submit";

const MARKS: Readonly<Record<Preflight["state"], readonly [sign: string, word: string]>> = {
  passed: ["✓", "passed"],
  warning: ["!", "for you to weigh"],
  failed: ["✗", "failed"],
};

export function Submit() {
  if (!fullAsk.value) return null;
  const refused = faults.value.jobs?.code === "network/failed";
  return (
    <RoomPart title="Submit to Hugging Face Jobs">
      <Access />
      <div class="actions">
        <button
          type="button"
          class="quiet"
          data-testid="jobs-check"
          disabled={!idle.value || planIsOld.value || token.value.trim() === ""}
          onClick={() => void checkJob()}
        >
          Check everything
        </button>
        <span class="soft">
          {planIsOld.value ? "Plan again first." : "Costs nothing, and sends nothing but questions."}
        </span>
      </div>
      {refused && (
        <p class="panel note" data-testid="jobs-refused">
          If this browser is not let through to the Hub, the line above does the same from a shell; its result is listed
          and brought back here all the same.
        </p>
      )}
      <Checks />
      {sent.value !== null && (
        <StoppableProgress
          label="Sending script and rows"
          fraction={sent.value}
          testid="jobs-sending"
          stop={{ onStop: stopSending }}
        />
      )}
      {scheduled.value && (
        <p data-testid="jobs-scheduled">
          Scheduled {scheduled.value.schedule}
          {scheduled.value.nextRunAt && `, next on ${new Date(scheduled.value.nextRunAt).toLocaleString()}`}. It is in
          the list below, where it can be paused and deleted.
        </p>
      )}
      {asking.value && <Confirm />}
    </RoomPart>
  );
}

function Checks() {
  const found = preview.value;
  if (!found) return null;
  return (
    <>
      <ul class="jobs-checks" data-testid="jobs-checks" data-ok={found.ok}>
        {found.checks.map(({ name, state, sentence }) => (
          <li key={name} data-state={state} data-testid={`check-${name}`}>
            <span class="jobs-sign" aria-hidden="true">
              {MARKS[state][0]}
            </span>
            <span>
              <span class="unseen">{MARKS[state][1]}: </span>
              {sentence}
            </span>
          </li>
        ))}
      </ul>
      <When />
      <div class="actions">
        <button
          type="button"
          class="primary"
          data-testid="jobs-submit"
          disabled={!idle.value || !found.ok || found.ceilingDollars === null}
          onClick={() => {
            asking.value = true;
          }}
        >
          {schedule.value === "" ? "Submit…" : "Schedule…"}
        </button>
        <span class="soft">
          {found.ok ? "You are asked once more before anything is spent." : "It would not run so."}
        </span>
      </div>
    </>
  );
}

const OFTEN = [
  ["", "Once, now"],
  ["@daily", "Every day"],
  ["@weekly", "Every week"],
  ["@monthly", "Every month"],
] as const;

function When() {
  const own = !OFTEN.some(([value]) => value === schedule.value);
  return (
    <div class="form-grid jobs-when">
      <label>
        When
        <select
          data-testid="jobs-when"
          value={own ? "own" : schedule.value}
          onChange={(event) => {
            const { value } = event.currentTarget;
            schedule.value = value === "own" ? "0 6 * * 1" : value;
          }}
        >
          {OFTEN.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
          <option value="own">By a cron expression</option>
        </select>
      </label>
      {own && (
        <label>
          Minute, hour, day, month, weekday
          <input
            type="text"
            data-testid="jobs-cron"
            spellcheck={false}
            value={schedule.value}
            onInput={(event) => {
              schedule.value = event.currentTarget.value;
            }}
          />
        </label>
      )}
    </div>
  );
}
