import { afterAll, expect, test } from "vitest";
import { createCpuTarget } from "@/cpu/cpu-target";
import { createHeap, createMemory } from "@/cpu/memory";
import { loadModule } from "@/cpu/module";
import { createPool } from "@/cpu/pool";
import { call, createGraph, elements, external, storagesOf } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import type { DeviceBuffer, Program, Target, Tensor } from "@/graph/target";
import { f16ToF32, f32ToF16 } from "@/util/bytes";
import { createRandom } from "@/util/random";

const open = Promise.all([
  createCpuTarget({ threads: 1, relaxed: false }),
  createCpuTarget({ threads: 2, relaxed: false }),
  createCpuTarget({ threads: 3 }),
]);
afterAll(async () => {
  for (const target of await open) target.release();
});

const normals = (count: number, seed: number) => {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () => random.normal());
};

async function load(target: Target, program: Program, contents: Record<string, ArrayBufferView>) {
  const buffers = new Map<string, DeviceBuffer>();
  for (const { name, bytes } of storagesOf(program.calls, true)) buffers.set(name, target.allocate(bytes, name));
  for (const [name, data] of Object.entries(contents)) target.write(buffers.get(name) as DeviceBuffer, data);
  const executable = await target.compile(program, buffers);
  const floats = async (name: string) => new Float32Array(await target.read(buffers.get(name) as DeviceBuffer));
  const release = () => {
    target.discard(executable);
    for (const buffer of buffers.values()) target.free(buffer);
  };
  return { executable, buffers, floats, release };
}

function linear(entry: "forward" | "backward", rows: number, k: number, n: number, wRows: number, w: Tensor): Program {
  const g = createGraph("linear");
  const [from, to] = entry === "forward" ? [k, n] : [n, k];
  const [input, output] = entry === "forward" ? ["x", "y"] : ["dy", "dx"];
  const operands = {
    reads: { [input]: external(input, [rows, from]), w },
    writes: { [output]: external(output, [rows, to]) },
  };
  call(g, `linear.${entry}`, operands, { K: k, N: n, W_ROWS: wRows, W_COLS: k }, 1);
  return compileGraph(g);
}

/** Rows of a product against float64; w's rows past the end repeat the last. */
function reference(entry: "forward" | "backward", x: Float32Array, w: ArrayLike<number>, shape: readonly number[]) {
  const [rows = 0, k = 0, n = 0, wRows = 0] = shape;
  const out = new Float64Array(rows * (entry === "forward" ? n : k));
  for (let t = 0; t < rows; t++) {
    for (let i = 0; i < n; i++) {
      const row = Math.min(i, wRows - 1);
      for (let j = 0; j < k; j++) {
        const weight = w[row * k + j] ?? Number.NaN;
        if (entry === "forward") out[t * n + i] = (out[t * n + i] ?? 0) + (x[t * k + j] ?? 0) * weight;
        else out[t * k + j] = (out[t * k + j] ?? 0) + (x[t * n + i] ?? 0) * weight;
      }
    }
  }
  return out;
}

const SHAPES = [
  [1, 4, 4, 4],
  [1, 100, 52, 50],
  [3, 68, 20, 17],
  [7, 1300, 36, 36],
  [13, 36, 28, 11],
  [32, 1300, 44, 41],
  [8, 64, 8, 8],
  [9, 700, 28, 25],
  [67, 20, 140, 140],
  [130, 644, 72, 72],
] as const;

test.each(SHAPES)("%i rows by a %i × %i matrix of %i real rows, on any number of threads", async (...shape) => {
  const [rows, k, n, wRows] = shape;
  const plain = normals(wRows * k, 1);
  const halves = f32ToF16(plain);
  for (const [format, stored, values] of [
    ["f32", plain, plain],
    ["f16", halves, f16ToF32(halves)],
  ] as const) {
    for (const entry of ["forward", "backward"] as const) {
      const x = normals(rows * (entry === "forward" ? k : n), 2);
      const expected = reference(entry, x, values, shape);
      const program = linear(entry, rows, k, n, wRows, external("w", [wRows, k], format));
      const results: Float32Array[] = [];
      for (const target of await open) {
        const { executable, floats, release } = await load(target, program, {
          w: stored,
          [entry === "forward" ? "x" : "dy"]: x,
        });
        await executable.run();
        const got = await floats(entry === "forward" ? "y" : "dx");
        const scale = Math.max(...expected.map(Math.abs));
        const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? Number.NaN))), 0);
        expect(worst / scale, `${target.description} ${format} ${entry}`).toBeLessThan(1e-5);
        results.push(got);
        release();
      }
      expect(results[1], "two threads give what one gives").toEqual(results[0]);
    }
  }
});

function sums(count: number, shape: readonly number[]): Program {
  const g = createGraph("sums");
  const [a, y] = [external("a", shape), external("y", shape)];
  for (let i = 0; i < count; i++) call(g, "add.forward", { reads: { a, b: y }, writes: { y } }, {}, 1);
  return compileGraph(g);
}

test("a program replays, and what is asked meanwhile happens in order", async () => {
  for (const target of await open) {
    const ones = Float32Array.from({ length: 10_000 }, () => 1);
    const { executable, buffers, floats, release } = await load(target, sums(30, [10_000]), { a: ones });
    void executable.run();
    const before = floats("y");
    target.write(
      buffers.get("a") as DeviceBuffer,
      ones.map(() => 2),
    );
    void executable.run();
    const after = floats("y");
    target.clear(buffers.get("y") as DeviceBuffer);
    expect((await before).every((value) => value === 30)).toBe(true);
    expect((await after).every((value) => value === 90)).toBe(true);
    expect((await floats("y")).every((value) => value === 0)).toBe(true);
    expect((await executable.profile()).length).toBe(30);
    release();
  }
});

test("a long program lets the event loop turn", async () => {
  const [target] = await open;
  const { executable, release } = await load(target, sums(400, [1_000_000]), {});
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const start = performance.now();
  await executable.run();
  clearInterval(timer);
  expect(turns).toBeGreaterThanOrEqual(Math.floor((performance.now() - start) / 200));
  release();
});

test("memory: counted, bounded, given back", async () => {
  const target = await createCpuTarget({ threads: 1, memoryBudget: 10 * 2 ** 20 });
  const buffer = target.allocate(2 ** 20, "x");
  expect(target.liveBytes()).toBe(2 ** 20);
  expect(() => target.allocate(2 ** 24, "model")).toThrow(/model needs 16 MB/);
  expect(() => target.write(buffer, new Uint8Array(8), 2 ** 20)).toThrow(/do not lie in x/);
  target.free(buffer);
  expect(target.liveBytes()).toBe(0);
  expect(() => target.free(buffer)).toThrow(/was freed/);
  target.release();
});

test("a thread that dies ends the run with an error, and is reported", async () => {
  const heap = createHeap(createMemory(true));
  const { module } = await loadModule({ shared: true });
  const pool = await createPool(module, heap, 2);
  const list = heap.allocate(256, "list");
  const words = new Int32Array(heap.memory.buffer, list, 16);
  const count = elements([1 << 20]);
  // Operands behind the end of the memory: the threads that claim a piece trap.
  const beyond = 2 ** 31;
  words.set([list + 4, pool.kernels.get("add_forward") ?? 0, beyond, beyond, beyond, count]);
  await expect(pool.run(list, 0, 1)).rejects.toMatchObject({ name: "AppError" });
  expect(await pool.lost).toBeTruthy();
  await expect(pool.run(list, 0, 1)).rejects.toMatchObject({ code: "device/lost" });
  pool.release();
});
