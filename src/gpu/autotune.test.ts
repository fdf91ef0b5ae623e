import { expect, test } from "vitest";
import { autotuned, fastest, memoryStore, readAnswers } from "@/gpu/autotune";
import type { Variant } from "@/gpu/products";
import { CLASSES } from "@/gpu/trial-calls";
import { leastOf, type Measure } from "@/gpu/trials";
import { candidatesOf } from "@/gpu/variants";

const RIGHT = Float32Array.of(1, 2, 3);

/** Each form takes this many milliseconds, on a clock of its own. */
function device(msOf: (variant: Variant) => number, valuesOf = (_: Variant) => RIGHT) {
  let clock = 0;
  const measured: string[] = [];
  const measure: Measure = async (className, variant) => {
    const ms = msOf(variant);
    clock += ms;
    measured.push(className);
    return { ms, values: valuesOf(variant) };
  };
  return { measure, now: () => clock, measured };
}

test("each class gets its fastest form", async () => {
  const { measure, now } = device(({ form }) => (form === "quads" ? 1 : 2));
  const answers = await fastest(measure, true, now);
  expect(Object.keys(answers)).toEqual(CLASSES);
  expect(new Set(Object.values(answers).map(({ form }) => form))).toEqual(new Set(["quads"]));
});

test("a form that is wrong, or does not run, is never chosen, however fast", async () => {
  const wrong = device(
    ({ form }) => (form === "registers" ? 2 : 1),
    ({ form }) =>
      form === "shared" ? Float32Array.of(1, 2, 3.1) : form === "split" ? Float32Array.of(Number.NaN, 2, 3) : RIGHT,
  );
  const answers = await fastest(wrong.measure, false, wrong.now);
  expect(new Set(Object.values(answers).map(({ form }) => form))).toEqual(new Set(["registers"]));

  const failing: Measure = async (_, variant) => {
    if (variant.form !== "registers") throw new Error("does not compile");
    return { ms: 1, values: RIGHT };
  };
  expect((await fastest(failing, false)).gradient?.form).toBe("registers");
});

test("the GPU's clock decides where it timed both, the wall clock otherwise", async () => {
  const times = { registers: [9, 2], quads: [8, undefined], shared: [7, 3], split: [10, 1] } as const;
  const measure: Measure = async (_, { form }) => ({ ms: times[form][0], gpuMs: times[form][1], values: RIGHT });
  const answers = await fastest(measure, true);
  // Quads beat the plain form by the wall clock alone; shared tiles do not by the GPU's.
  expect(answers["many forward floats"]?.form).toBe("quads");
  expect(answers.gradient?.form).toBe("quads");
});

test("a clock that is too coarse for a trial is not trusted", () => {
  expect(leastOf(Float64Array.of(0.123456, 0.123789, 0.13))).toBeCloseTo(0.123456);
  // Browsers' 100 µs: three ticks are no measurement, thirty are.
  expect(leastOf(Float64Array.of(0.3, 0.4, 0.3))).toBeUndefined();
  expect(leastOf(Float64Array.of(3, 3.1, 3.2))).toBe(3);
  expect(leastOf(Float64Array.of(0, 0.1))).toBeUndefined();
  expect(leastOf(Float64Array.of(0.5, 0.5))).toBeUndefined();
});

test("it ends when its time is up, and says nothing of what it did not try", async () => {
  const { measure, now, measured } = device(() => 400);
  const answers = await fastest(measure, true, now);
  expect(measured).toHaveLength(3);
  expect(Object.keys(answers)).toEqual(CLASSES.slice(0, 1));
});

test("stored answers are taken only if they are candidates of today", () => {
  const [variant] = candidatesOf("gradient", false);
  const text = JSON.stringify({ gradient: variant });
  expect(readAnswers(text, false)).toEqual({ gradient: variant });
  expect(readAnswers(JSON.stringify({ gradient: { form: "split", split: 7 } }), false)).toBeUndefined();
  expect(readAnswers(JSON.stringify({ gradient: { form: "quads" } }), false)).toBeUndefined();
  expect(readAnswers(JSON.stringify({ odd: variant }), false)).toBeUndefined();
  for (const text of ["{", "{}", "5", "[]", "null", '"gradient"'])
    expect(readAnswers(text, false), text).toBeUndefined();
  expect(readAnswers(undefined, false)).toBeUndefined();
});

test("a software adapter is not measured", async () => {
  const opened = {
    device: { features: new Set(["subgroups"]) } as unknown as GPUDevice,
    takeFailure: () => undefined,
    description: "x",
    software: true,
  };
  const forms = await autotuned(opened, memoryStore());
  expect(forms.attention("forward", 64)).toBe("quads");
  expect(forms.product({ direction: "forward", format: "f32", rows: 128, columns: 512, inner: 64 })).toEqual({
    form: "quads",
    rows: 16,
  });
});
