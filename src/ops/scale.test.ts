import { test } from "vitest";
import { call, createGraph, external } from "@/graph/graph";
import { packStep, STEP_BYTES, STEP_FIELDS, type Step } from "@/graph/step";
import { compare, load, targets } from "@/ops/check";
import { scale } from "@/ops/scale";

test("only the adapter's scale changes", async () => {
  const values = packStep(Object.fromEntries(STEP_FIELDS.map((field, i) => [field, i + 2])) as Step);
  const expected = Float64Array.from(values);
  expected[STEP_FIELDS.indexOf("adapter_scale")] = 2 * 0.375;
  for (const target of await targets()) {
    const g = createGraph("scale");
    const step = external("step", [STEP_BYTES / 4]);
    const { y } = scale(g, { step }, { factor: 0.375 });
    // Twice, so that what was made is itself bound as a Step.
    call(g, "scale.forward", { reads: { step: y }, writes: { y: external("out", step.shape) } }, { FACTOR: 1 }, 1);
    const loaded = await load(target, g, { step: values });
    await loaded.run();
    compare(await loaded.floats("out"), [...expected], 0, target.name);
    loaded.release();
  }
});
