/**
 * What each kernel reads from its call: operands in order, then whole numbers, then reals. This table is the CPU's
 * counterpart of the `@binding` and `override` lines of a shader; kernels/*.ts repeat the order in a comment.
 * "-" stands for an operand that the other variant of a kernel has; its word is 0.
 */
import { AppError } from "@/errors";
import { elements } from "@/graph/graph";
import type { Call, Format, Tensor } from "@/graph/target";

export interface Descriptor {
  readonly operands: string;
  readonly integers: (call: Call) => readonly number[];
  readonly reals?: (call: Call) => readonly number[];
  /** Export of the module, when it is not the kernel's own name. */
  readonly run?: string;
}

/** Numbers of the formats in kernels/weight.ts. */
const WEIGHT_FORMATS: readonly Format[] = [
  ...(["f32", "f16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q5_k", "q6_k", "nf4", "bf16"] as const),
];

function operand(call: Call, name: string): Tensor {
  const found = call.reads[name] ?? call.writes[name];
  if (!found) throw new AppError("internal", `${call.label}: ${call.kernel} needs an operand "${name}".`);
  return found;
}

function constant(call: Call, name: string): number {
  const found = call.constants[name];
  if (found === undefined) throw new AppError("internal", `${call.label}: ${call.kernel} needs a constant ${name}.`);
  return found;
}

const size = (call: Call, name: string) => elements(operand(call, name).shape);
const rowsOf = (call: Call, name: string) => operand(call, name).shape[0] ?? 0;
const constants = (call: Call, ...names: string[]) => names.map((name) => constant(call, name));

function format(call: Call): number {
  const found = WEIGHT_FORMATS.indexOf(operand(call, "w").format);
  if (found >= 0) return found;
  throw new AppError("model/unsupported", `The CPU engine cannot read weights stored as ${operand(call, "w").format}.`);
}

const linear = (call: Call, input: string, columns: "K" | "N") => [
  size(call, input) / constant(call, columns),
  ...constants(call, "K", "N", "W_ROWS"),
  format(call),
  call.constants.RANK ?? 0,
];
const forwardLinear = (call: Call) => linear(call, "x", "K");
const backwardLinear = (call: Call) => linear(call, "dy", "N");

const rms = (call: Call) => [size(call, "x") / constant(call, "WIDTH"), constant(call, "WIDTH")];
const epsilon = (call: Call) => [constant(call, "EPS")];
const rope = {
  operands: "x positions table y",
  integers: (call: Call) => [
    size(call, "positions"),
    ...constants(call, "HEADS", "HEAD_DIM"),
    size(call, "table") / constant(call, "HEAD_DIM"),
  ],
};

/** Rows come from the span; every head needs its dimension to fit the scratch tiles. */
const attention = (call: Call) => {
  const [heads = 0, kvHeads = 0, dim = 0] = constants(call, "HEADS", "KV_HEADS", "HEAD_DIM");
  if (dim > 256 || heads / kvHeads > 64) {
    throw new AppError("model/unsupported", `The CPU engine takes heads of up to 256 values, not ${dim}.`);
  }
  return [rowsOf(call, "span"), heads, kvHeads, dim];
};
const scale = (call: Call) => [constant(call, "SCALE")];
const gate = (call: Call) => constants(call, "SLOPE", "CUBIC");
const dropout = {
  integers: (call: Call) => [elements(Object.values(call.writes)[0]?.shape ?? []), constant(call, "SITE")],
  reals: (call: Call) => [constant(call, "RATE")],
};
const columns = (input: string) => (call: Call) => [size(call, input), constant(call, "WIDTH")];
const MATRIX = ["ROWS", "COLUMNS", "WIDE", "FLIPPED"];
const vocabulary = (call: Call) => constants(call, "VOCAB", "STRIDE");

export const DESCRIPTORS: Readonly<Record<string, Descriptor>> = {
  "add.forward": { operands: "a b y", integers: (call) => [size(call, "y")] },
  "bias.forward": { operands: "x b y", integers: (call) => [size(call, "y"), constant(call, "WIDTH")] },
  "bias.gradient": { operands: "dy db", integers: (call) => [size(call, "dy"), constant(call, "WIDTH")] },
  "swiglu.forward": { operands: "gate up y", integers: (call) => [size(call, "y")], reals: gate },
  "swiglu.backward": { operands: "gate up dy dgate dup", integers: (call) => [size(call, "dy")], reals: gate },
  "window.forward": { operands: "span y", integers: (call) => [rowsOf(call, "span"), constant(call, "WINDOW")] },
  "embed.forward": {
    operands: "tokens w y",
    integers: (call) => [size(call, "tokens"), constant(call, "W_COLS"), format(call), rowsOf(call, "w")],
    reals: (call) => [constant(call, "SCALE")],
  },
  "embed.backward": {
    operands: "tokens dy dw",
    integers: (call) => [size(call, "tokens"), constant(call, "W_COLS"), rowsOf(call, "dw")],
    reals: (call) => [constant(call, "SCALE")],
  },
  "gather.forward": {
    operands: "x index y",
    integers: (call) => [size(call, "index"), constant(call, "WIDTH"), size(call, "x") / constant(call, "WIDTH")],
  },
  "cache.forward": {
    operands: "x slots cache",
    integers: (call) => [size(call, "slots"), constant(call, "WIDTH"), size(call, "cache") / constant(call, "WIDTH")],
  },
  "rmsnorm.forward": { operands: "x w y", integers: rms, reals: epsilon },
  "rmsnorm.backward": { operands: "x w dy dx", integers: rms, reals: epsilon },
  "rmsnorm.weight_terms": { operands: "x dy terms", integers: rms, reals: epsilon },
  "rope.forward": rope,
  "rope.backward": rope,
  "linear.forward": { operands: "x w y - - -", integers: forwardLinear, run: "linear_forward" },
  "linear.forward_lora": { operands: "x w y h b step", integers: forwardLinear, run: "linear_forward" },
  "linear.backward": { operands: "dy w dx - - -", integers: backwardLinear, run: "linear_backward" },
  "linear.backward_lora": { operands: "dy w dx dh a step", integers: backwardLinear, run: "linear_backward" },
  "lora.gradient": {
    operands: "left right g step",
    integers: (call) => [size(call, "right") / constant(call, "N"), ...constants(call, "M", "N")],
  },
  "attention.forward": { operands: "q k v span y lse", integers: attention, reals: scale },
  "attention.delta": {
    operands: "out dy saved stats",
    integers: (call) => [size(call, "saved") / constant(call, "HEADS"), ...constants(call, "HEADS", "HEAD_DIM")],
  },
  "attention.backward_q": { operands: "q k v span dy row_stats dq", integers: attention, reals: scale },
  "attention.backward_kv": { operands: "q k v span dy row_stats dk dv", integers: attention, reals: scale },
  "cross-entropy.forward": {
    operands: "logits targets weights nll",
    integers: (call) => [size(call, "nll"), ...vocabulary(call)],
    reals: (call) => [constant(call, "SHARPNESS")],
  },
  "cross-entropy.backward": {
    operands: "z targets weights step nll",
    integers: (call) => [size(call, "nll"), ...vocabulary(call)],
    reals: (call) => [constant(call, "SHARPNESS")],
  },
  "norm.partial_sums": { operands: "x partial", integers: (call) => [size(call, "x"), constant(call, "PARTS")] },
  "norm.root": { operands: "parts norm", integers: (call) => constants(call, "PARTS") },
  "dropout.forward": { operands: "x step y", ...dropout },
  "dropout.backward": { operands: "z step dx", ...dropout },
  "row-norm.forward": {
    operands: "w a b step norm",
    integers: (call) => [size(call, "norm"), constant(call, "W_COLS"), format(call), constant(call, "RANK")],
  },
  "dora.forward": { operands: "u m norm step y", integers: columns("u"), run: "dora_scaled" },
  "dora.backward": { operands: "dy m norm step du", integers: columns("dy"), run: "dora_scaled" },
  "dora.gradient": { operands: "u dy norm dm", integers: columns("dy") },
  "scale.forward": {
    operands: "step y",
    integers: (call) => [size(call, "y")],
    reals: (call) => [constant(call, "FACTOR")],
  },
  "sgd.update": {
    operands: "grad norm step param m",
    integers: (call) => [size(call, "param")],
    reals: (call) => constants(call, "RATIO", "DECAYS"),
  },
  "adamw.update": {
    operands: "grad norm step param m v",
    integers: (call) => [size(call, "param")],
    reals: (call) => constants(call, "RATIO", "DECAYS"),
  },
  "adamw8.update": {
    operands: "grad norm step param m_codes v_codes m_largest v_largest",
    integers: (call) => [size(call, "param")],
    reals: (call) => constants(call, "RATIO", "DECAYS"),
  },
  "muon.momentum": {
    operands: "grad norm step m x",
    integers: (call) => [size(call, "x"), ...constants(call, ...MATRIX)],
    reals: (call) => constants(call, "MOMENTUM"),
  },
  "muon.normalise": { operands: "length y", integers: (call) => [size(call, "y")] },
  "muon.mix": {
    operands: "a z",
    integers: (call) => [size(call, "z")],
    reals: (call) => constants(call, "ALPHA", "BETA"),
  },
  "muon.update": {
    operands: "direction step param",
    integers: (call) => constants(call, ...MATRIX),
    reals: (call) => constants(call, "SCALE", "DECAYS"),
  },
  "sample.forward": {
    operands: "logits keys step tokens",
    integers: (call) => [size(call, "keys"), ...vocabulary(call)],
  },
};
