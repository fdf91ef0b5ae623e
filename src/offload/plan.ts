/**
 * Where a run could go, what it would take there, and which of it to choose. Each row keeps the recipe's rows of a step and
 * says how they are divided; a flavor that cannot hold the run says what is missing.
 */
import type { Recipe } from "@/train/recipe";
import { accelerateConfig, type Sharing } from "./accelerate";
import type { DataFacts, ModelFacts } from "./facts";
import { type Flavor, gpuOf, type HardwareList } from "./hardware";
import { type Load, type MemoryLine, memoryOf, type Weights } from "./memory";
import { jobSeconds, type Span, stepTokens } from "./work";

/** This device, as it was measured. */
export interface Here {
  readonly engine: string;
  /** Null: never measured with this model. */
  readonly tokensPerSecond: number | null;
  readonly fits: boolean;
}

export interface PlanRow {
  readonly flavor: string;
  readonly gpu: string;
  readonly gpus: number;
  readonly weights: Weights;
  readonly sharing: Sharing;
  /** What TRL calls per_device_train_batch_size. */
  readonly perDevice: number;
  readonly checkpointing: boolean;
  readonly memory: { readonly lines: readonly MemoryLine[]; readonly total: number; readonly limit: number };
  readonly fits: boolean;
  /** Of a row that does not fit. */
  readonly why: string;
  readonly seconds: Span;
  readonly dollars: Span;
  /** With a buffer; the job is ended then, and its checkpoints stay. */
  readonly timeoutSeconds: number;
  /** What it can cost at most: the price of the timeout. */
  readonly ceilingDollars: number;
  /** Whether the machine has the memory to merge and convert behind the run. */
  readonly converts: boolean;
}

export interface Plan {
  readonly here: (Here & { readonly seconds: number | null }) | null;
  readonly rows: readonly PlanRow[];
  readonly cheapest: PlanRow | null;
  readonly fastest: PlanRow | null;
  readonly recommended: PlanRow | null;
  readonly tokens: number;
  readonly prices: { readonly date: string; readonly live: boolean; readonly source: string };
}

/** Of a GPU: the driver keeps a little, and a formula is a formula. */
const SPARED = 0.97;
const BUFFER = 1.25;
const QUARTER = 900;
const LEAST_TIMEOUT = 1800;
/** Within these the cheapest is also the one to take. */
const PATIENCE_SECONDS = 3 * 3600;
const HOUR = 3600;
const WEIGHTS: readonly Weights[] = ["lora", "qlora", "full"];

export function planJob(
  recipe: Recipe,
  model: ModelFacts,
  data: DataFacts,
  hardware: HardwareList,
  { here, weights: asked = WEIGHTS }: { readonly here?: Here | null; readonly weights?: readonly Weights[] } = {},
): Plan {
  const weights: readonly Weights[] = recipe.trains === "full" ? ["full"] : asked;
  const rows = hardware.flavors.flatMap((flavor) => weights.map((kind) => rowOf(recipe, model, data, flavor, kind)));
  const fitting = rows.filter(({ fits }) => fits);
  const adapters = fitting.filter((row) => row.weights !== "full");
  const choice = adapters.length > 0 ? adapters : fitting;
  const soon = choice.filter(({ seconds }) => seconds.high <= PATIENCE_SECONDS);
  const plain = soon.filter((row) => row.weights === "lora");
  const steady = plain.length > 0 ? plain : soon;
  const work = { ...workOf(recipe, "lora", Math.max(1, data.sequences), true, false) };
  const tokens = data.lengths.length === 0 ? 0 : stepTokens(data, work) * recipe.schedule.steps;
  return {
    here: here ? { ...here, seconds: here.tokensPerSecond ? tokens / here.tokensPerSecond : null } : null,
    rows: [...rows].sort((a, b) => Number(b.fits) - Number(a.fits) || a.dollars.high - b.dollars.high),
    cheapest: least(choice, ({ dollars }) => dollars.high),
    fastest: least(choice, ({ seconds }) => seconds.high),
    recommended: least(steady.length > 0 ? steady : choice, ({ dollars }) => dollars.high),
    tokens,
    prices: { date: hardware.date, live: hardware.live, source: hardware.source },
  };
}

function least(rows: readonly PlanRow[], by: (row: PlanRow) => number): PlanRow | null {
  return rows.reduce<PlanRow | null>((best, row) => (best && by(best) <= by(row) ? best : row), null);
}

/** TRL counts rows (a pair as one), and of GRPO answers. */
function unitsOf({ method, batch, grpo }: Recipe): number {
  return batch.size * batch.accumulate * (method === "grpo" ? grpo.numGenerations : 1);
}

interface Shape {
  readonly perDevice: number;
  readonly checkpointing: boolean;
  readonly sharing: Sharing;
}

/** From what is fastest to what takes least; every one divides the recipe's step without a rest. */
function shapesOf(recipe: Recipe, gpus: number): Shape[] {
  const units = unitsOf(recipe);
  const own = units / recipe.batch.accumulate;
  const sizes = Array.from({ length: units }, (_, i) => units - i).filter(
    (size) => size <= own && units % (size * gpus) === 0 && fillsGroups(recipe, size * gpus),
  );
  // Muon needs whole matrices, of which FSDP's devices hold pieces.
  const whole = recipe.method === "grpo" || recipe.optimizer.kind === "muon";
  const sharings: Sharing[] = gpus === 1 ? ["none"] : whole ? ["ddp"] : ["ddp", "fsdp"];
  return sharings.flatMap((sharing) =>
    sizes.flatMap((perDevice, i) => [
      ...(i === 0 ? [{ perDevice, checkpointing: false, sharing }] : []),
      { perDevice, checkpointing: true, sharing },
    ]),
  );
}

/** Answers to one prompt are compared with each other, so a micro-batch over all GPUs holds whole groups or parts of one. */
function fillsGroups({ method, grpo: { numGenerations } }: Recipe, together: number): boolean {
  return method !== "grpo" || together % numGenerations === 0 || numGenerations % together === 0;
}

function rowOf(recipe: Recipe, model: ModelFacts, data: DataFacts, flavor: Flavor, weights: Weights): PlanRow {
  const limit = flavor.vramGB * 1e9 * SPARED;
  const shapes = shapesOf(recipe, flavor.gpus);
  const tried = shapes.map((shape) => ({
    shape,
    memory: memoryOf(model, loadOf(recipe, data, flavor, weights, shape)),
  }));
  const fitting = tried.find(({ memory }) => memory.total <= limit);
  const { shape, memory } = fitting ??
    tried.at(-1) ?? {
      shape: { perDevice: 1, checkpointing: true, sharing: "none" as const },
      memory: { lines: [], total: Number.POSITIVE_INFINITY },
    };
  const ram = flavor.ramGB * 1e9;
  const loads = shape.sharing !== "fsdp" || ram === 0 || ram >= 2.2 * model.parameters;
  const gpu = gpuOf(flavor.model);
  const fits = fitting !== undefined && loads && gpu !== undefined;
  const units = shape.perDevice * (recipe.method === "dpo" ? 2 : 1);
  const work = workOf(recipe, weights, units, shape.checkpointing, shape.sharing === "fsdp");
  const seconds = gpu ? jobSeconds(model, data, work, flavor, gpu) : { low: 0, high: 0 };
  const price = flavor.dollarsPerHour / HOUR;
  const timeoutSeconds = Math.max(LEAST_TIMEOUT, Math.ceil((seconds.high * BUFFER) / QUARTER) * QUARTER);
  return {
    ...{ flavor: flavor.name, gpu: flavor.model, gpus: flavor.gpus, weights, ...shape },
    memory: { ...memory, limit },
    fits,
    why: fits ? "" : whyNot(recipe, flavor, memory.total, tried.length, loads),
    seconds,
    dollars: { low: seconds.low * price, high: seconds.high * price },
    timeoutSeconds,
    ceilingDollars: timeoutSeconds * price,
    converts: ram === 0 || ram >= 4.4 * model.parameters,
  };
}

function whyNot(recipe: Recipe, flavor: Flavor, total: number, tried: number, loads: boolean): string {
  if (tried === 0) {
    return `${unitsOf(recipe)} rows a step cannot be shared by ${flavor.gpus} GPUs without a rest`;
  }
  if (!loads) return `${flavor.ramGB} GB of main memory cannot hold the weights while they are divided`;
  return `it takes ${gigabytes(total)} of the ${gigabytes(flavor.vramGB * 1e9)} of each GPU`;
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

function loadOf(recipe: Recipe, data: DataFacts, flavor: Flavor, weights: Weights, shape: Shape): Load {
  const { method, grpo } = recipe;
  const longest = data.lengths.reduce((most, one) => Math.max(most, one), 1);
  const answers = method === "grpo" ? grpo.maxCompletionLength : 0;
  const length = Math.min(longest, recipe.data.maxLength) + answers;
  const sequences = shape.perDevice * (method === "dpo" ? 2 : 1);
  return {
    ...{ weights, method, sequences, length, checkpointing: shape.checkpointing, gpus: flavor.gpus },
    shards: shape.sharing === "fsdp" ? flavor.gpus : 1,
    sampled: answers > 0 ? unitsOf(recipe) / flavor.gpus : 0,
    sampledLength: answers > 0 ? length : 0,
    wholeLogits: method !== "sft" || recipe.sft.lossType !== "nll",
  };
}

function workOf(recipe: Recipe, weights: Weights, sequences: number, checkpointing: boolean, sharded: boolean) {
  const { method, batch, grpo, schedule } = recipe;
  return {
    ...{ weights, method, steps: schedule.steps, rowsPerStep: batch.size * batch.accumulate, sequences, checkpointing },
    ...{ sharded, answerTokens: method === "grpo" ? grpo.maxCompletionLength : 0 },
  };
}

/** What the script needs of a row. `own`: the recipe's batch goes through one GPU as it is, in the page's order. */
export function scriptOptions(recipe: Recipe, row: PlanRow) {
  const own = row.gpus === 1 && row.perDevice === unitsOf(recipe) / recipe.batch.accumulate;
  return {
    weights: row.weights,
    perDevice: own ? null : row.perDevice,
    checkpointing: row.checkpointing,
    accelerate: accelerateConfig(row.sharing, row.gpus, row.weights),
    merge: row.converts,
    gguf: row.converts ? (["Q4_K_M", "Q8_0"] as const) : [],
  };
}
