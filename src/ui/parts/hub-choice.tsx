/** A model by its name on the Hub, and the models that this browser keeps. */
import { HubForm } from "@/ui/parts/hub-form";
import { TokenField } from "@/ui/parts/token-field";
import { faults, idle } from "@/ui/state/core";
import { bytes } from "@/ui/state/format";
import { cachedModels, deleteCached, openFromHub, reference, referenceFault, typedReference } from "@/ui/state/hub";
import { modelSource } from "@/ui/state/model";
import type { CachedModel } from "@/worker/api/model";

export function HubChoice({ blocked }: { blocked: boolean }) {
  const denied = faults.value.model?.code === "hub/denied";
  return (
    <HubForm
      id="hub-reference"
      title="From Hugging Face"
      placeholder="owner/name"
      value={reference.value}
      blocked={blocked}
      ready={referenceFault.value === null}
      button={{ label: "Get the model", testid: "hub-open" }}
      onValue={(value) => {
        typedReference.value = value;
      }}
      onSubmit={() => void openFromHub(reference.value)}
      help={
        <>
          As on its page; <code>@revision</code> or <code>/file.gguf</code> may follow. It is downloaded once and kept
          in this browser.
        </>
      }
    >
      <TokenField id="hub-token" open={denied} disabled={blocked} />
    </HubForm>
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
