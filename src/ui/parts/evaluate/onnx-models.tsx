/** ONNX models through transformers.js, of a folder or by their name on the Hub. */
import { useSignal } from "@preact/signals";
import { DropZone, FilePicker } from "@/ui/parts/files";
import { HubForm } from "@/ui/parts/hub-form";
import { addOnnxFolder, addOnnxReference, onnxModels, removeOnnx } from "@/ui/state/answerers";
import { idle } from "@/ui/state/core";
import { faultIn } from "@/ui/state/hub";

export function OnnxModels() {
  const reference = useSignal("");
  const blocked = !idle.value;
  const onFiles = (files: File[]) => void addOnnxFolder(files);
  return (
    <>
      <p class="soft">
        Models exported for transformers.js, on WebGPU where this machine has it, else on the processor. Nothing is sent
        anywhere; those of the Hub are downloaded once.
      </p>
      <div class="choices">
        <DropZone onFiles={onFiles} disabled={blocked}>
          <p>
            <strong>A folder</strong>
          </p>
          <p class="soft">config.json, tokenizer.json and onnx/model.onnx.</p>
          <div class="actions">
            <FilePicker
              label="Choose a folder"
              testid="onnx-folder"
              folder
              multiple
              disabled={blocked}
              onFiles={onFiles}
            />
          </div>
        </DropZone>
        <HubForm
          id="onnx-reference"
          title="From Hugging Face"
          placeholder="onnx-community/name"
          value={reference.value}
          blocked={blocked}
          ready={faultIn(reference.value) === null}
          button={{ label: "Add it", testid: "onnx-add" }}
          onValue={(value) => {
            reference.value = value;
          }}
          onSubmit={() => {
            addOnnxReference(reference.value);
            reference.value = "";
          }}
        />
      </div>
      {onnxModels.value.length > 0 && (
        <ul class="written-list" data-testid="onnx-models">
          {onnxModels.value.map((one, i) => (
            <li key={i}>
              <strong>{one.kind === "hub" ? one.reference : one.name}</strong>
              <span class="soft">{one.kind === "hub" ? "from Hugging Face" : `${one.files.length} files`}</span>
              <button type="button" class="quiet small" disabled={blocked} onClick={() => removeOnnx(i)}>
                Remove<span class="unseen"> model {i + 1}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
