/** Where the recipe goes on from an adapter: the one of this tab, or PEFT's folder. */
import { FilePicker } from "@/ui/parts/files";
import { adapter } from "@/ui/state/adapter";
import { idle } from "@/ui/state/core";
import { remakeAsk } from "@/ui/state/jobs-plan";
import { ownStart, pickStart, startObstacle } from "@/ui/state/jobs-start";
import { draft } from "@/ui/state/recipe";

export function StartField() {
  if (draft.value.start !== "adapter") return null;
  const own = ownStart.value;
  const here = adapter.value;
  const blocked = !idle.value;
  return (
    <div class="actions" data-testid="jobs-start">
      <span>
        {own
          ? `Goes on from ${own.name}, which is sent along.`
          : here?.kind === "lora"
            ? `Goes on from the adapter of this tab (rank ${here.rank}), which is sent along. It fits the model that it was trained on, and no other.`
            : (startObstacle.value ?? "")}
      </span>
      {draft.value.trains === "lora" && (
        <FilePicker
          label="An adapter’s folder"
          testid="jobs-start-folder"
          folder
          multiple
          disabled={blocked}
          onFiles={async (files) => void ((await pickStart(files)) && (await remakeAsk()))}
        />
      )}
      {own && (
        <button
          type="button"
          class="quiet"
          disabled={blocked}
          onClick={() => {
            ownStart.value = null;
            void remakeAsk();
          }}
        >
          Leave it out
        </button>
      )}
    </div>
  );
}
