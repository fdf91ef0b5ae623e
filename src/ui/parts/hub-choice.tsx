/** A model by its name on the Hub, and the models that this browser keeps. */

import { NameInput } from "@/ui/parts/name-input";
import { TokenField } from "@/ui/parts/token-field";
import { faults, idle } from "@/ui/state/core";
import { bytes } from "@/ui/state/format";
import { cachedModels, deleteCached, openFromHub, reference, referenceFault, typedReference } from "@/ui/state/hub";
import { modelSource } from "@/ui/state/model";
import type { CachedModel } from "@/worker/api/model";

export function HubChoice({ blocked }: { blocked: boolean }) {
  const fault = referenceFault.value;
  const denied = faults.value.model?.code === "hub/denied";
  return (
    <form
      class="zone solid"
      onSubmit={(event) => {
        event.preventDefault();
        if (!blocked && fault === null) void openFromHub(reference.value);
      }}
    >
      <label for="hub-reference">
        <strong>From Hugging Face</strong>
      </label>
      <NameInput
        id="hub-reference"
        placeholder="owner/name"
        value={reference.value}
        disabled={blocked}
        help="hub-help"
        onValue={(value) => {
          typedReference.value = value;
        }}
      />
      <p class="help" id="hub-help">
        As on its page; <code>@revision</code> or <code>/file.gguf</code> may follow. It is downloaded once and kept in
        this browser.
      </p>
      <TokenField id="hub-token" open={denied} disabled={blocked} />
      <div class="actions">
        <button type="submit" class="quiet small" data-testid="hub-open" disabled={blocked || fault !== null}>
          Get the model
        </button>
      </div>
    </form>
  );
}

export function CachedModels() {
  const models = cachedModels.value;
  if (models.length === 0) return null;
  const total = models.reduce((sum, model) => sum + model.bytes, 0);
  return (
    <div data-testid="cached-models">
      <p class="soft">Kept in this browser: {bytes(total)}</p>
      <ul class="files">
        {models.map((model) => (
          <CachedRow key={model.reference} model={model} />
        ))}
      </ul>
    </div>
  );
}

function CachedRow({ model }: { model: CachedModel }) {
  const name = model.reference.replace(/^hf:/, "");
  const whole = model.bytes === model.total;
  const source = modelSource.value;
  const open = source?.kind === "hub" && source.reference.replace(/^hf:/, "") === name;
  return (
    <li data-testid="cached-model">
      <span class="file-name">{name}</span>
      <span class="number soft">{whole ? bytes(model.total) : `${bytes(model.bytes)} of ${bytes(model.total)}`}</span>
      <button
        type="button"
        class="quiet small"
        disabled={!idle.value || open}
        aria-label={`${whole ? "Open" : "Go on with"} ${name}`}
        onClick={() => void openFromHub(model.reference)}
      >
        {open ? "In use" : whole ? "Open" : "Go on"}
      </button>
      <button
        type="button"
        class="quiet small"
        disabled={!idle.value}
        aria-label={`Delete ${name}`}
        onClick={() => void deleteCached(model.reference)}
      >
        Delete
      </button>
    </li>
  );
}
