/**
 * What a screen may ask of the application core, as types only; the nouns lie in the folder beside this file. `session/`
 * implements it; the page reaches it through Comlink, the CLI calls it directly. Everything survives structured clone.
 */
import type { BenchOptions, BenchReport } from "@/bench/report";
import type { RecipeInput } from "@/train/recipe";
import type { CompareEvent, Comparison } from "@/worker/api/comparison";
import type { DataLook, DataReport, DatasetInfo, PracticeExercise, RowPlace, RowView } from "@/worker/api/data";
import type { DeviceInfo, MemoryPlan } from "@/worker/api/device";
import type { ExportChoice, ExportOutline } from "@/worker/api/export";
import type { GenerateOptions } from "@/worker/api/generate";
import type { BaseDtype, CachedModel, ModelInfo, OpenProgress } from "@/worker/api/model";
import type { ProbeReport } from "@/worker/api/probe";
import type { PushAsk, PushStep, PushView } from "@/worker/api/push";
import type { RunEvent, RunResult } from "@/worker/api/run";
import type { RunsApi, SweepApi } from "@/worker/api/runs";
import type { OutsideAsk, SelfTest } from "@/worker/api/self-test";
import type { DatasetSource, ModelSource, NamedFile } from "@/worker/api/sources";
import type { TrainedInfo } from "@/worker/api/trained";

export interface SessionApi extends RunsApi, SweepApi {
  device(): Promise<DeviceInfo>;
  openModel(source: ModelSource, onProgress: OpenProgress, dtype?: BaseDtype): Promise<ModelInfo>;
  cachedModels(): Promise<CachedModel[]>;
  deleteCachedModel(reference: string): Promise<void>;
  /** Needs an open model, since rows are tokenised and masked. */
  openDataset(
    source: DatasetSource,
    recipe: RecipeInput,
    onProgress?: (done: number, total: number) => void,
  ): Promise<DatasetInfo>;
  /** The columns and first rows of a data file, whatever they are called. Needs no model. */
  lookAtData(source: DatasetSource): Promise<DataLook>;
  /**
   * What the gates find in the open data, as this recipe cuts, masks and splits them. Without a model, and for other
   * methods than sft, those speak that need no tokens. `sampleBase` also asks the base model some of the questions.
   */
  check(
    recipe: RecipeInput,
    method?: "sft" | "dpo" | "grpo" | "kto",
    sampleBase?: boolean,
    suite?: NamedFile,
  ): Promise<DataReport>;
  /** By its place among all rows, or by its line. */
  viewRow(place: RowPlace, recipe: RecipeInput): Promise<RowView>;
  /** Null hides a fault that the seed chooses. */
  practice(fault: string | null, seed: number): Promise<PracticeExercise>;
  /** Bytes of a run, before anything of it is allocated. */
  plan(recipe: RecipeInput): Promise<MemoryPlan>;
  /** Without training anything that is kept. */
  probe(recipe: RecipeInput): Promise<ProbeReport>;
  train(recipe: RecipeInput, onEvent: (events: readonly RunEvent[]) => void): Promise<RunResult>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends a run after its step, or a download, which goes on where it stood when its model is opened again. */
  stop(): Promise<void>;
  compare(onEvent: (event: CompareEvent) => void): Promise<Comparison>;
  generate(prompt: string, options: GenerateOptions, onText: (text: string) => void): Promise<string>;
  /** adapter_model.safetensors, adapter_config.json, README.md. */
  exportAdapter(): Promise<NamedFile[]>;
  /** What an export of the open model, with the adapter if there is one, will be. */
  planExport(choice: ExportChoice): Promise<ExportOutline>;
  /** Writes it into this browser's storage for this page, bytes by bytes; `stop` ends it, and nothing is kept. */
  exportModel(choice: ExportChoice, onProgress: (done: number, total: number) => void): Promise<NamedFile[]>;
  /** Reads an export again, by `ask` or by readers of the session's own, and compares it with what is open. */
  selfTest(
    made: ExportOutline,
    files: readonly NamedFile[],
    ask: OutsideAsk | null,
    onProgress: (done: number, total: number) => void,
  ): Promise<SelfTest>;
  /**
   * What goes with an export: model card, recipe, run, curves, script, Modelfile. `run`: the text of a run.json beside
   * the adapter, for an adapter that was not trained in this session.
   */
  companions(made: ExportOutline, tested: SelfTest | null, name?: string, run?: string): Promise<NamedFile[]>;
  checkPush(ask: PushAsk, files: readonly NamedFile[]): Promise<PushView>;
  /** `stop` ends it; what has arrived is not sent again. */
  push(
    ask: PushAsk,
    files: readonly NamedFile[],
    onProgress: (step: PushStep) => void,
  ): Promise<{ url: string; commit: string }>;
  /** Replaces the current adapter; throws "adapter/mismatch" that lists every difference. */
  loadAdapter(files: readonly NamedFile[]): Promise<TrainedInfo>;
  /** Measures this device; hands on what is known after each part, and what is measured next. `stop` ends it early. */
  bench(options: BenchOptions, onReport: (report: BenchReport, note: string) => void): Promise<BenchReport>;
}
