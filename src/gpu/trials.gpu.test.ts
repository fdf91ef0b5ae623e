import { expect, test } from "vitest";
import { agree } from "@/gpu/autotune";
import { openDevice } from "@/gpu/device";
import type { Variant } from "@/gpu/products";
import { measuring, PLAINEST } from "@/gpu/trials";

test("trials of a class give one product in whatever form, and their buffers back", async () => {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  Object.assign(globalThis, { burnishGpu: gpu });
  const [measure, free] = measuring(await openDevice(gpu));
  const forms: Readonly<Record<string, Variant>> = {
    "few forward blocks": { form: "quads" },
    "narrow forward": { form: "split", split: 16, rows: 8 },
    gradient: { form: "quads" },
    "attention forward 64": { form: "shared" },
  };
  for (const [className, variant] of Object.entries(forms)) {
    const plain = await measure(className, PLAINEST);
    const trial = await measure(className, variant);
    expect(new Set(plain.values).size, className).toBeGreaterThan(100);
    expect(agree(trial.values, plain.values), className).toBe(true);
    expect(trial.ms, className).toBeGreaterThan(0);
  }
  free();
});
