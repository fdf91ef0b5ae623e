/** The model in this tab, and which adapters of kept runs it answers with. */
import { useEffect } from "preact/hooks";
import { adapter } from "@/ui/state/adapter";
import { adaptersOf, toggleRun, usedRuns } from "@/ui/state/answerers";
import { idle } from "@/ui/state/core";
import { openRun } from "@/ui/state/go-on";
import { model, openModel } from "@/ui/state/model";
import { readRuns, runs } from "@/ui/state/runs";

export function InTab() {
  useEffect(() => void readRuns(), []);
  const info = model.value;
  const kept = (runs.value ?? []).filter(({ checkpoints, status }) => checkpoints.length > 0 && status !== "running");
  const beside = info === null ? [] : adaptersOf(kept, info.name);
  return (
    <>
      <p data-testid="evaluate-model">
        {info ? (
          <>
            <strong>{info.name}</strong>{" "}
            {adapter.value ? `with an adapter of rank ${adapter.value.rank}` : "without an adapter"}
          </>
        ) : (
          <>
            No model is open. Open the bundled one here, or one of your own <a href="#/">in the first room</a>.
          </>
        )}
      </p>
      <div class="actions" hidden={info !== null && kept.length === 0}>
        {info === null && (
          <button
            type="button"
            class="quiet"
            data-testid="evaluate-ember"
            disabled={!idle.value}
            onClick={() => void openModel({ kind: "bundled", name: "ember" })}
          >
            Open ember
          </button>
        )}
        {kept.length > 0 && (
          <label class="inline-choice">
            Adapter of a kept run{" "}
            <select
              class="inline"
              data-testid="evaluate-run"
              disabled={!idle.value}
              value=""
              onChange={(event) =>
                event.currentTarget.value !== "" && void openRun(event.currentTarget.value, "best", "stay")
              }
            >
              <option value="">{adapter.value ? "another one…" : "choose…"}</option>
              {kept.map(({ id, name, model: of }) => (
                <option key={id} value={id}>
                  {name} ({of})
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {beside.length > 0 && (
        <details>
          <summary>Adapters of kept runs beside it, in the same table</summary>
          <fieldset class="checks" data-testid="evaluate-runs">
            <legend class="unseen">Kept runs</legend>
            {beside.map(({ id, name }) => (
              <label key={id}>
                <input
                  type="checkbox"
                  checked={usedRuns.value.includes(id)}
                  disabled={!idle.value}
                  onChange={() => toggleRun(id)}
                />
                {name}
              </label>
            ))}
          </fieldset>
        </details>
      )}
    </>
  );
}
