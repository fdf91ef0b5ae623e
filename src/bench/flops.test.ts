import { expect, test } from "vitest";
import { countFlops } from "@/bench/flops";
import { SHAPES } from "@/bench/shapes";
import { adapterLayout } from "@/model/adapter";
import { modelTensors } from "@/model/weights";
import { PLAIN_HEAD } from "@/train/objective";
import { tracePass } from "@/train/programs";
import { PROJECTIONS } from "@/train/recipe";

const T = 128;
const LABELS = 64;
const RANK = 16;
const PAIRS = (T * (T + 1)) / 2;

function step(layers: number, keepActivations: boolean) {
  const arch = { ...SHAPES["smollm2-135m"].arch, layers, vocab: 1024 };
  const layout = adapterLayout(arch, { rank: RANK, alpha: 2 * RANK, targets: PROJECTIONS });
  const traced = { arch, tensors: modelTensors(arch, "f32"), layout, head: PLAIN_HEAD, keepActivations };
  return countFlops(tracePass(traced, { tokens: T, labels: LABELS }, true), PAIRS);
}

/**
 * By hand for SmolLM2-135M's block: P frozen weights, S = Σ (in + out) over the seven projections. A LoRA pair costs h and
 * h bᵀ forward; h again, dh, dh a, and both gradients backward: 2 T R (S + S + Σ in + …) as below.
 */
const P = 2 * 576 * 576 + 2 * 192 * 576 + 3 * 576 * 1536;
const INS = 6 * 576 + 1536;
const OUTS = 576 + 192 + 192 + 576 + 1536 + 1536 + 576;
const FORWARD = 2 * T * (P + RANK * (INS + OUTS)) + 4 * PAIRS * 576;
const BACKWARD = 2 * T * (P + RANK * (INS + OUTS + OUTS + INS + INS)) + 8 * PAIRS * 576;
const HEAD = 2 * (2 * LABELS * 1024 * 576);
/** Nothing below the first block is trained: its q, k and v need no gradient of their input. */
const UNNEEDED = 2 * T * ((576 + 192 + 192) * 576 + RANK * 3 * 576);

test("the count of a traced step is the closed form", () => {
  for (const layers of [1, 2, 4]) {
    const { total, recomputed } = step(layers, true);
    expect(total).toBe(layers * (FORWARD + BACKWARD) + HEAD - UNNEEDED);
    expect(recomputed).toBe(0);
  }
});

test("checkpointing adds one forward of each block, without what its gradient does not read", () => {
  const kept = step(4, true).total;
  const { total, recomputed } = step(4, false);
  expect(total - recomputed).toBe(kept);
  // A block's last product, down_proj, is not made again: only its input is needed.
  expect(recomputed).toBe(4 * (FORWARD - 2 * T * (576 * 1536 + RANK * (1536 + 576))));
});

test("a projection's kernel without a rule is an error, not a zero", () => {
  const read = {
    storage: { name: "q", bytes: 16, external: true },
    offset: 0,
    shape: [2, 2],
    format: "f32" as const,
    needsGrad: false,
  };
  const call = {
    kernel: "attention.sideways",
    reads: { q: read },
    writes: {},
    constants: {},
    grid: [1, 1, 1] as const,
    label: "",
  };
  expect(() =>
    countFlops({ name: "", calls: [call], pause: 1, slots: [], placeOf: new Map(), peakBytes: 0 }, 1),
  ).toThrow(/sideways/);
});
