/**
 * Seconds of a run on a flavor, as an interval. Per micro-batch of N tokens, pairs of rows and keys that see each other
 * counted from the lengths:
 *
 *   operations   (2 M + 4 L Q keys) N · passes        M: weights in products, the head with them; passes: 1 forward, 1 backward to
 *                                                      activations, 1 to weights that learn, 1 again for checkpointing
 *   seconds      operations / (peak · utilisation) + L · overhead + NF4: parameters · unpacking
 *   sampling     tokens of the longest answer · max(weights / bandwidth, L · overhead of a decoded token)
 *
 * The bounds are in calibration.json; published runs are held against them by a test.
 */
import calibration from "./calibration.json";
import type { DataFacts, ModelFacts } from "./facts";
import type { Flavor, Gpu } from "./hardware";
import type { Weights } from "./memory";

export interface Span {
  readonly low: number;
  readonly high: number;
}

export interface Work {
  readonly weights: Weights;
  readonly method: "sft" | "dpo" | "grpo";
  readonly steps: number;
  /** Rows of the recipe in one optimizer step. */
  readonly rowsPerStep: number;
  /** Sequences on one GPU at a time. */
  readonly sequences: number;
  readonly checkpointing: boolean;
  readonly sharded: boolean;
  /** Tokens of a sampled answer at most; 0 where nothing is sampled. */
  readonly answerTokens: number;
}

/** Tokens of one optimizer step, padding of each micro-batch to its longest included. */
export function stepTokens(data: DataFacts, { rowsPerStep, sequences, answerTokens }: Work): number {
  const rows = Math.max(1, Math.round(sequences / data.sequences));
  const sorted = [...data.lengths].sort((a, b) => a - b);
  const n = sorted.length;
  // The expected longest of `rows` drawn rows: Σ xᵢ (iʳ - (i-1)ʳ) / nʳ over the sorted lengths.
  const longest = sorted.reduce((sum, x, i) => sum + x * (((i + 1) / n) ** rows - (i / n) ** rows), 0);
  return rowsPerStep * data.sequences * (longest + answerTokens);
}

/** Of one token, all passes. `keys`: how many it sees on average. */
export function operationsPerToken(
  model: ModelFacts,
  work: Pick<Work, "weights" | "checkpointing">,
  keys: number,
): number {
  const forward = 2 * (model.blockParameters + model.vocab * model.hidden) + 4 * model.layers * model.queryWidth * keys;
  const passes = 2 + (work.weights === "full" ? 1 : 0) + (work.checkpointing ? 1 : 0);
  return forward * passes + (work.weights === "full" ? 0 : 6 * model.adapterParameters);
}

/** Of one micro-batch of `tokens` on one GPU. */
export function passSeconds(model: ModelFacts, work: Work, gpu: Gpu, tokens: number, keys: number): Span {
  const slow = !gpu.bf16 && work.weights === "qlora" ? calibration.emulatedBf16 : 1;
  const peak = gpu.teraflops * 1e12 * slow;
  const operations = operationsPerToken(model, work, keys) * tokens;
  const nf4 = (end: "low" | "high") =>
    work.weights === "qlora"
      ? model.blockParameters * calibration.nf4PicosecondsPerParameterAt2039GB[end] * 1e-12 * (2039 / gpu.bandwidthGB)
      : 0;
  // AdamW reads and writes weights, gradients and two moments once a step; of an adapter that is nothing.
  const update = work.weights === "full" ? (28 * model.parameters) / (gpu.bandwidthGB * 1e9) : 0;
  const { utilisation, secondsPerLayer } = calibration;
  return {
    low: operations / (peak * utilisation.high) + model.layers * secondsPerLayer.low + nf4("low") + 0.5 * update,
    high: operations / (peak * utilisation.low) + model.layers * secondsPerLayer.high + nf4("high") + update,
  };
}

/** The whole job: start, download, steps, evaluation and conversion. */
export function jobSeconds(model: ModelFacts, data: DataFacts, work: Work, flavor: Flavor, gpu: Gpu): Span {
  const tokens = stepTokens(data, work);
  const each = Math.min(tokens, Math.max(1, (work.sequences * tokens) / (work.rowsPerStep * data.sequences)));
  const passes = Math.max(1, tokens / each / flavor.gpus);
  const one = passSeconds(model, work, gpu, each, each / Math.max(1, work.sequences) / 2);
  const sampling = (end: "low" | "high") => {
    if (work.answerTokens === 0) return 0;
    const reading = (2 * model.parameters) / (gpu.bandwidthGB * 1e9);
    return passes * work.answerTokens * Math.max(reading, model.layers * calibration.decodeSecondsPerLayer[end]);
  };
  const shard = (end: "low" | "high") => (work.sharded ? calibration.sharding[end] : 1);
  const { startUpSeconds, downloadGBPerSecond, afterwardsShare } = calibration;
  const gigabytes = (2 * model.parameters) / 1e9;
  const whole = (end: "low" | "high", other: "low" | "high") =>
    startUpSeconds[end] +
    gigabytes / downloadGBPerSecond[other] +
    work.steps * (passes * one[end] * shard(end) + sampling(end)) * (1 + afterwardsShare[end]);
  return { low: whole("low", "high"), high: whole("high", "low") };
}
