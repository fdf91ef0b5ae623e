/** Step 1: which model learns. One is bundled; any small one comes from the Hub, or in as its folder or GGUF file. */
import { Card } from "@/ui/parts/card";
import { Facts } from "@/ui/parts/facts";
import { DropZone, FilePicker } from "@/ui/parts/files";
import { CachedModels, HubChoice } from "@/ui/parts/hub-choice";
import { Progress, StoppableProgress } from "@/ui/parts/progress";
import { faults, idle } from "@/ui/state/core";
import { bytes, compact, duration, integer } from "@/ui/state/format";
import { stopDownload } from "@/ui/state/hub";
import {
  baseDtype,
  type ModelProgress,
  model,
  modelFromFiles,
  modelProgress,
  modelSource,
  openModel,
} from "@/ui/state/model";
import type { BaseDtype, ModelInfo } from "@/worker/api/model";

export function ModelCard() {
  const info = model.value;
  const summary = info ? `${info.name.replace("bundled:", "")} · ${compact(info.parameters)} parameters` : undefined;
  return (
    <Card place="model" step="1" title="Model" summary={summary} done={info !== null}>
      <ModelChoice />
      {modelProgress.value !== null && <OpenProgress progress={modelProgress.value} />}
      <BaseChoice />
      <CachedModels />
      {info && <ModelFacts info={info} />}
    </Card>
  );
}

function OpenProgress({ progress: { fraction, download } }: { progress: ModelProgress }) {
  if (!download) return <Progress label="Reading the model" fraction={fraction} />;
  const left = download.secondsLeft === null ? "" : `, ${duration(download.secondsLeft)} left`;
  return (
    <StoppableProgress
      label={`${bytes(download.done)} of ${bytes(download.total)}${left}`}
      fraction={fraction}
      testid="download"
      stop={{ testid: "stop-download", onStop: stopDownload }}
    />
  );
}

function ModelChoice() {
  const blocked = !idle.value || faults.value.device !== undefined;
  const bundled = modelSource.value?.kind === "bundled";
  const onFiles = (files: File[]) => void openModel(modelFromFiles(files));
  return (
    <div class="choices">
      <button
        type="button"
        class="tile"
        data-testid="open-ember"
        aria-pressed={bundled}
        disabled={blocked}
        onClick={() => void openModel({ kind: "bundled", name: "ember" })}
      >
        <strong>ember</strong>
        <span>Bundled. A tiny model that writes simple English, made for trying things out.</span>
      </button>
      <HubChoice blocked={blocked} />
      <DropZone onFiles={onFiles} disabled={blocked}>
        <p>
          <strong>Your own model</strong>
        </p>
        <p class="soft">Drop a model’s folder (config.json, tokenizer.json, safetensors) or a GGUF file.</p>
        <div class="actions">
          <FilePicker
            label="Choose folder"
            testid="model-folder"
            folder
            multiple
            disabled={blocked}
            onFiles={onFiles}
          />
          <FilePicker label="Choose files" testid="model-files" multiple disabled={blocked} onFiles={onFiles} />
        </div>
      </DropZone>
    </div>
  );
}

const DTYPES: readonly (readonly [BaseDtype, string])[] = [
  ["auto", "as fits this device"],
  ["f32", "f32"],
  ["bf16", "bf16"],
  ["f16", "f16"],
  ["int8", "8 bits"],
  ["nf4", "4 bits (nf4)"],
];

/** A change opens the model anew; a GGUF file keeps its own formats. */
function BaseChoice() {
  const choose = (dtype: BaseDtype) => {
    baseDtype.value = dtype;
    const source = modelSource.value;
    if (source !== null) void openModel(source);
  };
  return (
    <label class="inline-choice">
      Keep its weights{" "}
      <select
        class="inline"
        data-testid="base-dtype"
        value={baseDtype.value}
        disabled={!idle.value}
        onChange={(event) => choose(DTYPES.find(([dtype]) => dtype === event.currentTarget.value)?.[0] ?? "auto")}
      >
        {DTYPES.map(([dtype, words]) => (
          <option key={dtype} value={dtype}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

function ModelFacts({ info }: { info: ModelInfo }) {
  const heads = info.heads === info.kvHeads ? `${info.heads}` : `${info.heads}, ${info.kvHeads} for keys and values`;
  return (
    <Facts
      items={[
        ["Kind", info.architecture.replace("ForCausalLM", "")],
        ["Parameters", integer(info.parameters)],
        ["Weights", `${bytes(info.weightBytes)} as ${info.weightFormat}`],
        ["Layers × width", `${info.layers} × ${info.hidden}`],
        ["Attention heads", `${heads}, ${info.headDim} wide`],
        ["Vocabulary", `${integer(info.vocab)}${info.tied ? ", tied" : ""}`],
        ["Context", `${integer(info.contextLength)} tokens`],
        ["Chat template", info.chatTemplate ? "yes" : "no"],
      ]}
    />
  );
}
