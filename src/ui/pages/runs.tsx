/** The room of kept runs: the list as a tree of forks, and two or more of them side by side. */
import { useEffect } from "preact/hooks";
import { ErrorPanel } from "@/ui/parts/error-panel";
import { FilePicker } from "@/ui/parts/files";
import { Overlay } from "@/ui/parts/overlay";
import { RunRow } from "@/ui/parts/run-row";
import { save } from "@/ui/parts/save";
import { idle, session } from "@/ui/state/core";
import { bytes, plural } from "@/ui/state/format";
import { bringIn, chosen, differences, readRuns, records, runs, takeOut, tree } from "@/ui/state/runs";

export function Runs() {
  useEffect(() => void readRuns(), []);
  const list = runs.value;
  return (
    <main class="room" tabIndex={-1}>
      <h1>Runs</h1>
      <p class="soft lead">
        Every training is kept in this browser with its recipe, its curves and its best and last adapter. Choose two or
        more to see what differed.
      </p>
      <ErrorPanel place="runs" />
      {chosen.value.length > 0 && <SideBySide />}
      {list !== null && list.length === 0 && (
        <p class="panel note">No runs yet: train one in the first room, and it appears here.</p>
      )}
      <ul class="run-list">
        {tree.value.map(({ run, depth }) => (
          <RunRow key={run.id} run={run} depth={depth} />
        ))}
      </ul>
      <div class="actions spread">
        <FilePicker
          label="Import a run"
          testid="run-import"
          accept=".zip"
          disabled={!idle.value}
          onFiles={([file]) => file && void bringIn(file)}
        />
        {list !== null && list.length > 0 && (
          <span class="soft number">
            {plural(list.length, "run")}, {bytes(list.reduce((sum, run) => sum + run.bytes, 0))} of checkpoints
          </span>
        )}
      </div>
    </main>
  );
}

function SideBySide() {
  const whole = chosen.value.flatMap((id) => records.value.get(id) ?? []);
  if (whole.length === 0) return null;
  const dashboard = async () => {
    const made = await takeOut(() => session().exportTrackio(chosen.value, "burnish"));
    if (made) save(made.name, made.blob);
  };
  return (
    <section class="card" data-testid="side-by-side" aria-label="Side by side">
      <Differences names={whole.map(({ name }) => name)} />
      <Overlay runs={whole} />
      <div class="actions">
        <button type="button" class="quiet small" disabled={!idle.value} onClick={() => void dashboard()}>
          Files of a Trackio dashboard
        </button>
      </div>
    </section>
  );
}

/** What changed comes first: a curve that differs has a reason. */
function Differences({ names }: { names: readonly string[] }) {
  const found = differences.value;
  if (found === null) return <p class="soft">Choose a second run to see what differs between the two.</p>;
  if (found.length === 0) return <p>The first two have the same settings, model, data and engine.</p>;
  return (
    <div class="table-scroll">
      <table class="plain" data-testid="run-diff">
        <caption class="unseen">What differs between the first two</caption>
        <thead>
          <tr>
            <th scope="col">What differs</th>
            <th scope="col">{names[0]}</th>
            <th scope="col">{names[1]}</th>
          </tr>
        </thead>
        <tbody>
          {found.map(({ field, a, b }) => (
            <tr key={field}>
              <th scope="row">{field}</th>
              <td>{a}</td>
              <td>{b}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
