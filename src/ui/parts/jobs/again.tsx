/** A job that is to go on: what may differ from before. The rest lies in its folder. */
import { NameInput } from "@/ui/parts/name-input";
import { RoomPart } from "@/ui/parts/room-part";
import { idle } from "@/ui/state/core";
import { goOnWith, leaveAgain, onFlavor } from "@/ui/state/jobs-again";
import { ask, minutes } from "@/ui/state/jobs-plan";

export function GoOn({ name, disabled }: { name: string; disabled: boolean }) {
  return (
    <button
      type="button"
      class="quiet small"
      data-testid="job-again"
      disabled={disabled || !idle.value}
      onClick={() => void goOnWith(name)}
    >
      Go on with it
    </button>
  );
}

export function Again() {
  const made = ask.value;
  if (made?.continues === undefined) return null;
  return (
    <RoomPart title="A job goes on">
      <p data-testid="again">
        <strong>{made.name}</strong> goes on from its last checkpoint, with the script and the rows that lie in{" "}
        <code>{made.continues}</code>. Time and machine may differ.
      </p>
      <div class="form-grid">
        <label>
          Timeout, minutes
          <input
            type="number"
            min="1"
            data-testid="again-minutes"
            value={minutes.value ?? Math.round(made.timeoutSeconds / 60)}
            onInput={(event) => {
              minutes.value = event.currentTarget.valueAsNumber;
            }}
          />
        </label>
        <label for="again-flavor">
          Flavor
          <NameInput
            id="again-flavor"
            placeholder="a100-large"
            value={made.flavor}
            disabled={!idle.value}
            onValue={onFlavor}
          />
        </label>
      </div>
      <div class="actions">
        <button type="button" class="quiet small" onClick={leaveAgain}>
          Leave it
        </button>
        <span class="soft">What it costs at most is asked below, before anything is spent.</span>
      </div>
    </RoomPart>
  );
}
