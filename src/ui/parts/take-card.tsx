/** Step 7: the result as files that other tools read, and the way back in for an adapter made before. */
import { Card } from "@/ui/parts/card";
import { FilePicker } from "@/ui/parts/files";
import { save } from "@/ui/parts/save";
import { adapter, exportAdapter, exported, loadAdapter, zipOf } from "@/ui/state/adapter";
import { idle } from "@/ui/state/core";
import { bytes } from "@/ui/state/format";
import { model } from "@/ui/state/model";
import type { NamedFile } from "@/worker/api";

export function TakeCard() {
  const files = exported.value;
  const size = files?.reduce((sum, file) => sum + file.blob.size, 0) ?? 0;
  const summary = files ? bytes(size) : undefined;
  return (
    <Card
      place="take"
      step="7"
      title="Take it away"
      summary={summary}
      done={files !== null}
      waitsFor={model.value === null ? "Open a model first." : null}
    >
      <p class="soft">
        The adapter is a few small files in PEFT’s format, which PEFT and the tools that follow it read as they are.
      </p>
      {files && <FileList files={files} />}
      <div class="actions spread">
        <button
          type="button"
          class="primary"
          data-testid="download-adapter"
          disabled={!idle.value || adapter.value === null}
          onClick={() => void downloadAll()}
        >
          Download adapter
        </button>
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
    </Card>
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
            onClick={() => save(file.name, file.blob)}
          >
            Download<span class="unseen"> {file.name}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

async function downloadAll(): Promise<void> {
  if (exported.value === null && !(await exportAdapter())) return;
  if (exported.value) save("burnish-adapter.zip", await zipOf(exported.value));
}
