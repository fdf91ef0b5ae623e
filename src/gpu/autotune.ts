/**
 * Which form of a product, and of attention, is fastest on this GPU: each class of shapes is tried once in its candidates' forms, a fraction
 * of a second in all, and the answer is kept by adapter and by the text of the shaders. A candidate whose numbers
 * differ from the plainest form's is never chosen: drivers have been seen to get workgroup memory or swaps wrong.
 *
 * Times are the GPU's own where its clock is fine enough, and else the wall clock's over eight calls in one submit:
 * browsers round GPU timestamps to 100 µs, longer than many of these calls. Software adapters are not measured: what is best there is known, and noise must not change bits.
 */
import * as z from "zod/mini";
import type { OpenedDevice } from "@/gpu/device";
import type { Variant } from "@/gpu/products";
import { SHADERS } from "@/gpu/shaders";
import { CLASSES } from "@/gpu/trial-calls";
import { type Measure, measuring, PLAINEST, type Trial } from "@/gpu/trials";
import {
  attentionClass,
  attentionOf,
  byDefault,
  type ChooseForms,
  candidatesOf,
  classOf,
  type ProductClass,
} from "@/gpu/variants";

/** Where answers outlive a page; a platform may give a lasting one. */
export interface TuningStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
}

export function memoryStore(): TuningStore {
  const values = new Map<string, string>();
  return { get: async (key) => values.get(key), set: async (key, value) => void values.set(key, value) };
}

/** Once per device and release, before the first model opens; a driver compiles some forty kernels in it. */
const BUDGET_MS = 1000;
/** Sums of 1,024 f32 terms in another order. */
const TOLERANCE = 1e-4;

/** Some class was always reached; what the variants may be, the candidates say. */
const ANSWERS = z.record(z.string(), z.unknown()).check(z.refine((stored) => Object.keys(stored).length > 0));

type Answers = Readonly<Record<ProductClass, Variant>>;

export async function autotuned(opened: OpenedDevice, store: TuningStore): Promise<ChooseForms> {
  const { device, description, software } = opened;
  const fallback = byDefault(device, software);
  if (software) return fallback;
  const key = `products ${description} ${shaderVersion()}`;
  const subgroups = device.features.has("subgroups");
  let answers = readAnswers(await store.get(key), subgroups);
  if (!answers) {
    const [measure, free] = measuring(opened);
    answers = await fastest(measure, subgroups);
    free();
    await store.set(key, JSON.stringify(answers));
  }
  const known = new Map(Object.entries(answers));
  return {
    product: (product) => known.get(classOf(product)) ?? fallback.product(product),
    attention: (entry, headDim) => {
      const answer = known.get(attentionClass(entry, headDim));
      return answer ? attentionOf(answer) : fallback.attention(entry, headDim);
    },
  };
}

/** The fastest right candidate of each class; classes that the budget does not reach have no answer. */
export async function fastest(measure: Measure, subgroups: boolean, now = () => performance.now()): Promise<Answers> {
  const end = now() + BUDGET_MS;
  const answers: Record<ProductClass, Variant> = {};
  for (const className of CLASSES) {
    if (now() >= end) break;
    const plain = await measure(className, PLAINEST);
    let best = { variant: PLAINEST, trial: plain };
    for (const variant of candidatesOf(className, subgroups)) {
      if (now() >= end) break;
      // A form that does not compile here is out of the race, as is one that is wrong.
      const trial = await measure(className, variant).catch(() => undefined);
      if (trial && agree(trial.values, plain.values) && faster(trial, best.trial)) best = { variant, trial };
    }
    answers[className] = best.variant;
  }
  return answers;
}

/** By the GPU's clock if it timed both: a wall clock also counts what a submit costs. */
const faster = (a: Trial, b: Trial) =>
  a.gpuMs !== undefined && b.gpuMs !== undefined ? a.gpuMs < b.gpuMs : a.ms < b.ms;

/** What was stored, if it names candidates of today; else it is measured again. */
export function readAnswers(text: string | undefined, subgroups: boolean): Answers | undefined {
  if (text === undefined) return undefined;
  try {
    const stored = ANSWERS.parse(JSON.parse(text));
    const answers: Record<ProductClass, Variant> = {};
    for (const [className, value] of Object.entries(stored)) {
      if (!CLASSES.includes(className)) return undefined;
      const possible = [PLAINEST, ...candidatesOf(className, subgroups)];
      const found = possible.find((variant) => JSON.stringify(variant) === JSON.stringify(value));
      if (!found) return undefined;
      answers[className] = found;
    }
    return answers;
  } catch {
    return undefined;
  }
}

/** Whether two results are the same product, up to the order of its sums. */
export function agree(got: Float32Array, expected: Float32Array): boolean {
  let largest = 0;
  for (const value of expected) largest = Math.max(largest, Math.abs(value));
  // Not a number is within no tolerance.
  const near = (value: number, i: number) => Math.abs(value - (expected[i] ?? 0)) <= TOLERANCE * largest;
  return got.length === expected.length && got.every(near);
}

/** Changes with any shader's text (FNV-1a), so that answers of other kernels are forgotten. */
function shaderVersion(): string {
  let hash = 0x811c9dc5;
  for (const text of SHADERS.values()) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16);
}
