/**
 * What a screen may ask of the application core, as types only. `session/` implements it; the page reaches it through
 * Comlink, the CLI calls it directly. Everything here survives structured clone.
 */
import type { BenchOptions, BenchReport } from "@/bench/report";
import type { WireError } from "@/errors";
import type { RatePoint, RateReading } from "@/explain/rate-range";
import type { Difference } from "@/runs/diff";
import type { RunRecord } from "@/runs/record";
import type { RunSummary } from "@/runs/summary";
import type { SweepInput, SweepRow } from "@/runs/sweep";
import type { Recipe, RecipeInput } from "@/train/recipe";
import type { DataLook, DataReport, DatasetInfo, PracticeExercise, RowPlace, RowView } from "@/worker/api/data";
import type { ProbeReport } from "@/worker/api/probe";
import type { TrainedInfo } from "@/worker/api/trained";

export interface DeviceInfo {
  readonly target: "webgpu" | "cpu";
  readonly description: string;
  readonly software: boolean;
  /** One line for people: which engine was chosen, and what it means for them. */
  readonly notice: string;
  readonly memoryBudget: number;
}

/** Named bytes: picked, dropped or read from disk. Blob, so that large files stay on disk until read. */
export interface NamedFile {
  readonly name: string;
  readonly blob: Blob;
}

export type ModelSource =
  | { kind: "bundled"; name: string }
  | { kind: "files"; name: string; files: NamedFile[] }
  /** "hf:owner/name[@revision][/file.gguf]"; the token is used for this one download and forgotten. */
  | { kind: "hub"; reference: string; token?: string };
export type DatasetSource =
  | { kind: "bundled"; name: string }
  | { kind: "files"; name: string; train: NamedFile; eval?: NamedFile }
  /** Any address of http or https that lets this page read it. */
  | { kind: "url"; url: string }
  /** "hf:datasets/owner/name[:config[:split]]"; the token is used for this one set and forgotten. */
  | { kind: "hub"; reference: string; token?: string };

/** How a safetensors base is kept on the device; "auto" takes the widest that fits. A GGUF keeps its own formats. */
export type BaseDtype = "auto" | "f32" | "f16" | "int8" | "nf4";

export interface ModelInfo {
  readonly name: string;
  readonly architecture: string;
  readonly parameters: number;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocab: number;
  readonly contextLength: number;
  readonly tied: boolean;
  readonly weightFormat: string;
  readonly weightBytes: number;
  readonly chatTemplate: boolean;
}

export interface MemoryLine {
  readonly name: string;
  readonly bytes: number;
}
export interface MemoryPlan {
  readonly lines: readonly MemoryLine[];
  readonly total: number;
  readonly budget: number;
  readonly fits: boolean;
  /** When it does not fit: why, and the nearest setting that does, in words. */
  readonly reason: string;
  readonly advice: string;
}

export interface Sample {
  readonly prompt: string;
  readonly text: string;
}

export type RunEvent =
  | { type: "phase"; phase: "compile" | "train" | "evaluate" | "paused" | "done" }
  | {
      type: "step";
      step: number;
      loss: number;
      gradNorm: number;
      lr: number;
      tokensPerSecond: number;
      /** What the method reports besides its loss, under TRL's names: "rewards/margins", "reward", "kl" … */
      scalars?: Readonly<Record<string, number>>;
      /** Indices of the training rows, per micro-batch. */
      rows?: readonly (readonly number[])[];
      /** Seconds left of training, by the median of recent steps; absent until that is stable. */
      eta?: number;
    }
  /** Without a loss where there is none before sampling (GRPO). */
  | { type: "eval"; step: number; loss?: number; scalars?: Readonly<Record<string, number>> }
  | { type: "samples"; step: number; samples: readonly Sample[] }
  | { type: "probe"; report: ProbeReport }
  | { type: "warning"; message: string };

export interface RunResult {
  /** Under which the run is kept; null where nothing could be kept. */
  readonly run: string | null;
  readonly recipe: Recipe;
  readonly steps: number;
  /** True when stopped before the last step. */
  readonly stopped: boolean;
  readonly finalLoss: number;
  readonly evalLossBefore: number | null;
  readonly evalLossAfter: number | null;
  /** What the method measures on held-out data besides, at the start and at the end. */
  readonly evalBefore: Readonly<Record<string, number>>;
  readonly evalAfter: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly trainableParameters: number;
  /** Bytes on the device: what the plan said, and the most that was really allocated while training. */
  readonly memory: { readonly forecast: number; readonly peak: number };
}

export interface ComparedCase {
  readonly prompt: string;
  readonly expected: string;
  readonly base: string;
  readonly tuned: string;
  readonly basePassed: boolean;
  readonly tunedPassed: boolean;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}
export interface ArmScore {
  readonly passed: number;
  readonly rate: number;
  /** Wilson 95 %. */
  readonly interval: Interval;
}

export interface Comparison {
  readonly n: number;
  readonly base: ArmScore;
  readonly tuned: ArmScore;
  /** tuned - base, with Newcombe's paired 95 % interval. */
  readonly difference: number;
  readonly differenceInterval: Interval;
  /** McNemar mid-p. */
  readonly pValue: number;
  /** "better" | "worse" | "inconclusive" (interval covers 0) | "too-few" (n < 20, no verdict). */
  readonly verdict: "better" | "worse" | "inconclusive" | "too-few";
  /** The verdict in one sentence. */
  readonly sentence: string;
  /** Fixed cases first, then broken, then the rest. */
  readonly cases: readonly ComparedCase[];
  readonly fixed: number;
  readonly broken: number;
}

export interface CompareEvent {
  readonly arm: "base" | "tuned";
  readonly done: number;
  readonly total: number;
}

export interface GenerateOptions {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
  readonly adapter: boolean;
  /** Treat the prompt as a user's turn of the model's chat template rather than as raw text. */
  readonly chat: boolean;
}

/** A model of the Hub that is kept here, or a part of it. */
export interface CachedModel {
  /** "hf:owner/name[@revision][/file.gguf]" */
  readonly reference: string;
  readonly commit: string;
  /** Bytes that are here, and bytes of the whole. */
  readonly bytes: number;
  readonly total: number;
}

/** Bytes. `download` is there while they come from the Hub; its time left is null until the speed is known. */
export type OpenProgress = (done: number, total: number, download?: { readonly secondsLeft: number | null }) => void;

/** How a result leaves: the adapter alone (PEFT, or GGUF for llama.cpp), or merged into its base. */
export type ExportFormat = "peft" | "safetensors" | "gguf" | "gguf-lora" | "onnx";
export type ExportQuant = "f32" | "f16" | "bf16" | "q8_0" | "q4_0" | "q5_0" | "q4_k_m" | "q5_k_m" | "q6_k" | "q8";

export interface ExportChoice {
  readonly format: ExportFormat;
  /** The format's default when absent. */
  readonly quant?: ExportQuant | undefined;
  /** What the files are called after; the base's name when absent. */
  readonly name?: string | undefined;
}

/** What an export will be, before it is. */
export interface ExportOutline {
  readonly format: ExportFormat;
  readonly quant: ExportQuant | null;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly bytes: number;
  readonly notes: readonly string[];
}

export type WhichCheckpoint = "best" | "last" | number;

/** Looking for settings. */
export interface SweepApi {
  /** The learning-rate range test: the open adapter stays as it is. */
  findRate(
    recipe: RecipeInput,
    onPoint: (point: RatePoint, total: number) => void,
  ): Promise<RateReading & { readonly points: readonly RatePoint[] }>;
  /** Kept runs over a grid of settings; `stop` ends it after the run's step. */
  sweep(
    plan: SweepInput,
    recipe: RecipeInput,
    onRows: (rows: readonly SweepRow[]) => void,
  ): Promise<readonly SweepRow[]>;
}

/** What a screen may ask about runs that are kept. */
export interface RunsApi {
  /** Newest first. A run that says it is going on, but is held by nobody, is told as interrupted. */
  listRuns(): Promise<RunSummary[]>;
  readRun(id: string): Promise<RunRecord>;
  annotateRun(id: string, changes: { name?: string; notes?: string }): Promise<void>;
  /** With its checkpoints. Throws "usage" for a run that is going on. */
  deleteRun(id: string): Promise<void>;
  diffRuns(a: string, b: string): Promise<Difference[]>;
  /** One zip: record, checkpoints, curves as a table. */
  exportRun(id: string): Promise<NamedFile>;
  /** Gives the id under which it is kept; never one that is there already. */
  importRun(file: NamedFile): Promise<string>;
  /** Files of a static Trackio dashboard of these runs, in one zip. */
  exportTrackio(ids: readonly string[], project: string): Promise<NamedFile>;
  /** Makes the run's adapter the current one. Its model must be the open one, or one that can be opened again by name. */
  openRun(id: string, which: WhichCheckpoint): Promise<TrainedInfo & { readonly step: number }>;
  /** Goes on exactly where the last checkpoint stands: the same numbers as a run that was never interrupted. */
  resumeRun(id: string, onEvent: (events: readonly RunEvent[]) => void): Promise<RunResult>;
  /** A new run from a checkpoint of another one, with changes; it trains the steps that remain. */
  forkRun(
    id: string,
    which: WhichCheckpoint,
    changes: RecipeInput,
    onEvent: (events: readonly RunEvent[]) => void,
  ): Promise<RunResult>;
}

/** A token and how likely it is. */
export interface TokenLead {
  readonly token: number;
  readonly logProbability: number;
}

export interface SelfTestCheck {
  /** In one line, with the figures. */
  readonly what: string;
  readonly passed: boolean;
}

/** What came of reading an export again. */
export interface SelfTest {
  /** What read it: "llama.cpp in WebAssembly". */
  readonly reader: string;
  readonly checks: readonly SelfTestCheck[];
  readonly passed: boolean;
}

/** Another program that has opened an export: a greedy answer, and the likeliest first tokens of it. */
export type OutsideAsk = (
  prompt: string,
  maxTokens: number,
) => Promise<{ readonly text: string; readonly next: readonly TokenLead[] }>;

export interface PushAsk {
  /** "owner/name" */
  readonly repo: string;
  readonly isPublic: boolean;
  /** A repository that is there already gets a further commit. */
  readonly update: boolean;
  /** For this push only; it is kept nowhere. */
  readonly token?: string | undefined;
  /** The base's licence, where no model is open that says it. */
  readonly license?: string | undefined;
}

/** What can be said before a push. */
export interface PushView {
  readonly repo: string;
  /** Whose token it is. */
  readonly account: string;
  readonly exists: boolean;
  /** Files of the repository that this push replaces. */
  readonly replaces: readonly string[];
  readonly bytes: number;
  /** Why the base's licence does not let it be published, or null. */
  readonly forbids: string | null;
  /** What the base's licence asks. */
  readonly notes: readonly string[];
}

export interface PushStep {
  readonly phase: "check" | "hash" | "send" | "commit";
  /** Bytes of all files, hashed or sent. */
  readonly done: number;
  readonly total: number;
}

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
  /** What goes with an export: model card, recipe, run, curves, script, Modelfile. */
  /** `run`: the text of a run.json beside the adapter, for an adapter that was not trained in this session. */
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

export type {
  DataFault,
  DataFix,
  DataLook,
  DataReport,
  DatasetInfo,
  Finding,
  LengthReport,
  PracticeExercise,
  RowPlace,
  RowView,
  TokenSpan,
} from "@/worker/api/data";
export type { ProbeReport } from "@/worker/api/probe";
export type { WireError };
