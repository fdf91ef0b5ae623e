/** Whole weights of a result: fetched at a click, taken away, or opened as the model. */
import { RoomPart } from "@/ui/parts/room-part";
import { save } from "@/ui/parts/save";
import { idle } from "@/ui/state/core";
import { bytes } from "@/ui/state/format";
import { bringWeights, fetching, openWeights, weights } from "@/ui/state/jobs-weights";

export function FetchWeights({ name, title, disabled }: { name: string; title: string; disabled: boolean }) {
  return (
    <button
      type="button"
      class="quiet small"
      data-testid="job-weights"
      disabled={disabled || !idle.value}
      onClick={() => void bringWeights(name, title)}
    >
      {fetching.value === name ? "Fetching…" : "Whole weights"}
    </button>
  );
}

export function Weights() {
  const found = weights.value;
  if (!found) return null;
  const all = found.files.reduce((sum, { blob }) => sum + blob.size, 0);
  return (
    <RoomPart title="Whole weights">
      <p data-testid="weights">
        <strong>{found.name}</strong>: {found.files.length} files, {bytes(all)}, verified by size and SHA-256. They are
        in memory until you leave.
      </p>
      <div class="actions">
        <button
          type="button"
          class="primary"
          data-testid="weights-open"
          disabled={!idle.value}
          onClick={() => void openWeights()}
        >
          Open as the model
        </button>
        <button
          type="button"
          class="quiet"
          data-testid="weights-save"
          onClick={() => {
            for (const { name, blob } of found.files) save(name, blob);
          }}
        >
          Download all
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => {
            weights.value = null;
          }}
        >
          Let them go
        </button>
      </div>
    </RoomPart>
  );
}
