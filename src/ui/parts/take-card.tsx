/** Step 7: the result as files that other programs read, checked before they are offered; to disk, or to the Hub. */
import { Card } from "@/ui/parts/card";
import { FilePicker } from "@/ui/parts/files";
import { Progress } from "@/ui/parts/progress";
import { PushForm } from "@/ui/parts/push-form";
import { save } from "@/ui/parts/save";
import { adapter, exportAdapter, exported, loadAdapter } from "@/ui/state/adapter";
import { attempt, idle } from "@/ui/state/core";
import { bytes } from "@/ui/state/format";
import { model } from "@/ui/state/model";
import {
  canPickFolder,
  chosenFormat,
  chosenQuants,
  type FormatChoice,
  formats,
  outlines,
  progress,
  quantOf,
  ready,
  readyZip,
  saveToFolder,
  startExport,
} from "@/ui/state/take";
import { zipStored } from "@/ui/state/zip";
import type { ExportQuant } from "@/worker/api/export";
import type { SelfTest } from "@/worker/api/self-test";
import type { NamedFile } from "@/worker/api/sources";

export function TakeCard() {
  const size = ready.value?.files.reduce((sum, file) => sum + file.blob.size, 0) ?? 0;
  return (
    <Card
      place="take"
      step="7"
      title="Take it away"
      summary={ready.value ? bytes(size) : undefined}
      done={ready.value !== null || exported.value !== null}
      waitsFor={model.value === null ? "Open a model first." : null}
    >
      <fieldset class="formats" disabled={!idle.value}>
        <legend class="soft">
          Every format is read again by another program, and offered only when it says what the model here says.
        </legend>
        {formats.value.map((choice) => (
          <Format key={choice.format} choice={choice} />
        ))}
      </fieldset>
      <Notes />
      {progress.value && <Progress {...progress.value} />}
      <div class="actions spread">
        <button
          type="button"
          class="primary"
          data-testid="export"
          disabled={!idle.value}
          onClick={() => void startExport()}
        >
          Export and check
        </button>
        {adapter.value?.kind !== "full" && (
          <button
            type="button"
            class="quiet"
            data-testid="download-adapter"
            disabled={!idle.value || adapter.value === null}
            onClick={() => void downloadAdapter()}
          >
            Download adapter
          </button>
        )}
        <FilePicker
          label="Load an adapter"
          testid="load-adapter"
          multiple
          accept=".safetensors,.json,.md"
          disabled={!idle.value}
          onFiles={(list) => void loadAdapter(list)}
        />
        {adapter.value?.origin === "loaded" && (
          <span class="soft" data-testid="loaded-adapter">
            Loaded: rank {adapter.value.rank}, alpha {adapter.value.alpha}.
          </span>
        )}
      </div>
      {exported.value && !ready.value && <FileList files={exported.value} />}
      {ready.value && <ReadyFiles {...ready.value} />}
    </Card>
  );
}

function Format({ choice }: { choice: FormatChoice }) {
  const { format, title, use, quants } = choice;
  const outline = outlines.value[format];
  return (
    <div class="format" data-chosen={chosenFormat.value === format}>
      <label>
        <input
          type="radio"
          name="format"
          value={format}
          data-testid={`format-${format}`}
          checked={chosenFormat.value === format}
          onChange={() => {
            chosenFormat.value = format;
          }}
        />
        <span class="format-title">{title}</span>
        <span class="soft">{use}</span>
      </label>
      <span class="format-size">
        {quants.length > 0 && (
          <select
            aria-label={`Weights of ${title}`}
            data-testid={`quant-${format}`}
            value={quantOf(choice)}
            onChange={(event) => {
              chosenFormat.value = format;
              chosenQuants.value = { ...chosenQuants.value, [format]: event.currentTarget.value as ExportQuant };
            }}
          >
            {quants.map((quant) => (
              <option key={quant} value={quant}>
                {quant.toUpperCase()}
              </option>
            ))}
          </select>
        )}
        <span class="number" data-testid={`size-${format}`}>
          {outline ? bytes(outline.bytes) : "–"}
        </span>
      </span>
    </div>
  );
}

function Notes() {
  const notes = outlines.value[chosenFormat.value]?.notes ?? [];
  return (
    <>
      {notes.map((note) => (
        <p key={note} class="soft hint">
          {note}
        </p>
      ))}
    </>
  );
}

function ReadyFiles({ files, tested }: { files: readonly NamedFile[]; tested: SelfTest }) {
  return (
    <>
      <SelfTestView tested={tested} />
      <FileList files={files} />
      <div class="actions">
        <button type="button" class="quiet" data-testid="download-zip" onClick={() => void downloadZip()}>
          Download all as a zip
        </button>
        {canPickFolder() && (
          <button
            type="button"
            class="quiet"
            data-testid="save-folder"
            disabled={!idle.value}
            onClick={() => void saveToFolder()}
          >
            Save to a folder…
          </button>
        )}
      </div>
      <PushForm />
    </>
  );
}

function SelfTestView({ tested: { reader, checks } }: { tested: SelfTest }) {
  return (
    <div class="self-test" data-testid="self-test">
      <p>
        <strong>Checked.</strong> {reader} read the files again:
      </p>
      <ul>
        {checks.map(({ what, passed }) => (
          <li key={what}>
            {passed ? "✓" : "✗"} {what}
          </li>
        ))}
      </ul>
    </div>
  );
}

function FileList({ files }: { files: readonly NamedFile[] }) {
  return (
    <ul class="files">
      {files.map((file) => (
        <li key={file.name}>
          <span class="file-name">{file.name}</span>
          <span class="soft number">{bytes(file.blob.size)}</span>
          <button
            type="button"
            class="quiet small"
            data-testid="download-file"
            onClick={() => save(file.name.split("/").at(-1) ?? file.name, file.blob)}
          >
            Download<span class="unseen"> {file.name}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

async function downloadAdapter(): Promise<void> {
  if (exported.value === null && !(await exportAdapter())) return;
  if (exported.value) save("burnish-adapter.zip", await zipStored(exported.value));
}

const downloadZip = () =>
  attempt("take", async () => save(`burnish-${ready.value?.made.format ?? "export"}.zip`, await readyZip()));
