import { readdirSync, readFileSync } from "node:fs";
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

/**
 * The memory is the host's: its heap hands out the first bytes too, and every thread of the pool instantiates the module over
 * it. A table in a data segment would be written over by operands, or write over them when a thread starts late; what
 * was read from it was NaN in real runs, and right in tests of one thread. Scratch comes from the host, tables are code.
 */
test("kernels keep no data of their own in the memory", async () => {
  const kernels = readdirSync(new URL("kernels/", import.meta.url));
  const statics = /\bmemory\.data\b|\bStaticArray\b|^(?:export )?(?:const|let) \w+[^=\n]*= \[/m;
  expect(kernels.filter((name) => statics.test(source(`kernels/${name}`)))).toEqual([]);
  expect(statics.test("const DECADES = memory.data<f32>([1e-6, 1]);")).toBe(true);
  const DATA = 11;
  for (const { BASE64 } of [simd, relaxed]) expect(sectionsOf(Buffer.from(BASE64, "base64"))).not.toContain(DATA);
});

/** Ids of a module's sections: after 8 bytes of header, each an id, its length in LEB128, and that many bytes. */
function sectionsOf(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = 8; at < bytes.length; ) {
    ids.push(bytes[at++] ?? 0);
    let length = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = bytes[at++] ?? 0;
      length |= (byte & 127) << shift;
      more = byte > 127;
    }
    at += length;
  }
  return ids;
}

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
