/**
 * What changes from step to step, in one small uniform: the only values that kernels read which are neither
 * tensors nor constants of the trace. `shaders/lib/step.wgsl` declares the same fields in the same order
 * (a test compares the two).
 */
export const STEP_FIELDS = [
  "adapter_scale", // LoRA alpha / rank; 0 switches the adapter off
  "learning_rate",
  "beta1",
  "beta2",
  "epsilon",
  "weight_decay",
  "correction1", // 1 - beta1^t
  "correction2", // 1 - beta2^t
  "max_norm", // gradient clipping; 0 means never clip
  "loss_scale", // multiplies every row weight: 1 / labelled tokens in the accumulation window
  "temperature", // 0 means greedy
  "seed", // of the sampler, as an integer below 2^24
] as const;

export type StepField = (typeof STEP_FIELDS)[number];
export type Step = Readonly<Record<StepField, number>>;

/** Uniform buffers are sized in multiples of 16 bytes. */
export const STEP_BYTES = Math.ceil((STEP_FIELDS.length * 4) / 16) * 16;

export const NO_STEP: Step = Object.fromEntries(STEP_FIELDS.map((field) => [field, 0])) as Record<StepField, number>;

export function packStep(step: Step): Float32Array<ArrayBuffer> {
  const packed = new Float32Array(STEP_BYTES / 4);
  STEP_FIELDS.forEach((field, i) => {
    packed[i] = step[field];
  });
  return packed;
}
