// Byte offsets of the Step's fields; the order is that of src/graph/step.ts (a test compares the two).
export const ADAPTER_SCALE: usize = 0;
export const LEARNING_RATE: usize = 4;
export const BETA1: usize = 8;
export const BETA2: usize = 12;
export const EPSILON: usize = 16;
export const WEIGHT_DECAY: usize = 20;
export const CORRECTION1: usize = 24;
export const CORRECTION2: usize = 28;
export const MAX_NORM: usize = 32;
export const LOSS_SCALE: usize = 36;
export const TEMPERATURE: usize = 40;
export const SEED: usize = 44;
