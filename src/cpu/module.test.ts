import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sourceHash } from "@/cpu/build.mjs";
import { DESCRIPTORS } from "@/cpu/descriptors";
import { kernelNames, loadModule } from "@/cpu/module";
import * as relaxed from "@/cpu/wasm/relaxed";
import * as simd from "@/cpu/wasm/simd";
import { STEP_FIELDS } from "@/graph/step";

const source = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");

test("the committed modules are made from these sources (else: npm run build:cpu)", () => {
  expect(simd.SOURCE).toBe(sourceHash());
  expect(relaxed.SOURCE).toBe(sourceHash());
});

test("every kernel of the table is in the module, and every kernel of the module in the table", async () => {
  for (const relaxedWanted of [true, false]) {
    const { module } = await loadModule({ shared: false, relaxed: relaxedWanted });
    const wanted = Object.entries(DESCRIPTORS).map(([name, { run }]) => run ?? name.replaceAll(/[.-]/g, "_"));
    expect(new Set(kernelNames(module))).toEqual(new Set(wanted));
  }
});

test("a module for memory of its own takes memory that is not shared", async () => {
  const { module } = await loadModule({ shared: false });
  const env = { now: () => 0, sleep: () => {}, wake: () => {} };
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 32 });
  await expect(WebAssembly.instantiate(module, { env: { ...env, memory } })).resolves.toBeDefined();
});

test("kernels know the Step's fields at their places", () => {
  const found = [...source("kernels/step.ts").matchAll(/const (\w+): usize = (\d+);/g)];
  expect(found.map(([, name]) => name?.toLowerCase())).toEqual([...STEP_FIELDS]);
  expect(found.map(([, , offset]) => Number(offset))).toEqual(STEP_FIELDS.map((_, i) => i * 4));
});

test("the pool and the kernels agree on the control block", () => {
  const constants = (text: string) =>
    new Map([...text.matchAll(/^const ([A-Z]+)(?:: usize)? = (\d+);/gm)].map(([, name, value]) => [name, value]));
  const inKernels = constants(source("kernels/context.ts"));
  const inPool = constants(source("pool.ts"));
  for (const name of ["GENERATION", "START", "FAILED"]) expect(inPool.get(name)).toBe(inKernels.get(name));
});
