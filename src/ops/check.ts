/**
 * The harness that keeps an op's test to one line: forward against a float64 reference, and every gradient against
 * central differences of that reference, on every target that this machine has. Used by tests only.
 */
import { expect } from "vitest";
import { createCpuTarget } from "@/cpu/cpu-target";
import { addGradient, backward, type Gradients, takeGradient } from "@/graph/backward";
import { createGraph, elements, external, type Graph, storagesOf } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep, STEP_BYTES, type Step } from "@/graph/step";
import type { Activations, Call, DeviceBuffer, Storage, Target, Tensor } from "@/graph/target";
import { gpuByDefault, halfTarget, SMALL_TILES } from "@/ops/check-device";
import { f16ToF32, f32ToF16 } from "@/util/bytes";

export interface Input {
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint32Array;
  /** "flow": the gradient comes back through the op; "param": it is added to the tensor's `grad`. */
  readonly grad?: "flow" | "param";
  readonly format?: Tensor["format"];
  /** What the kernel reads, when it is not `data` itself (a packed weight format). */
  readonly stored?: ArrayBufferView;
}

export type Numbers = ArrayLike<number>;

export interface Case<Name extends string> {
  readonly inputs: Readonly<Record<Name, Input>>;
  /** Appends the op under test; returns outputs by name. Outputs named in `reference` are compared. */
  readonly trace: (g: Graph, tensors: Readonly<Record<Name | "step", Tensor>>) => Readonly<Record<string, Tensor>>;
  /** The same in float64. */
  readonly reference: (inputs: Readonly<Record<Name, Numbers>>) => Readonly<Record<string, Numbers>>;
  readonly step?: Partial<Step>;
  /** Gradients of outputs by name, where they are not free: an op that makes the loss itself knows them. */
  readonly upstream?: Readonly<Record<string, Float32Array>>;
  /** How often the program runs; gradients of parameters add up. */
  readonly runs?: number;
  /** Largest error allowed, relative to the largest value of the tensor. f32 sums of a few thousand terms stay below 1e-5. */
  readonly tolerance?: number;
}

/** Deterministic values in (-1, 1). */
export function randoms(shape: readonly number[], seed = 1, scale = 1): Float32Array {
  let state = seed * 7919 + 12345;
  return Float32Array.from({ length: elements(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return scale * (state / 2 ** 31 - 1);
  });
}

export function input(shape: readonly number[], seed: number, grad?: Input["grad"], scale = 1): Input {
  return { shape, data: randoms(shape, seed, scale), ...(grad ? { grad } : {}) };
}

export function indices(shape: readonly number[], values: readonly number[]): Input {
  return { shape, data: Uint32Array.from(values), format: "u32" };
}

let opened: Promise<Target[]> | undefined;
export function targets(): Promise<Target[]> {
  opened ??= openTargets();
  return opened;
}

async function openTargets(): Promise<Target[]> {
  return [await gpuByDefault(), await createCpuTarget()];
}

let half: Promise<Target | undefined> | undefined;
/** Every target, and the GPU again with activations as f16; in small tiles, which software GPUs compile faster. */
async function everyTarget(): Promise<Target[]> {
  half ??= halfTarget(SMALL_TILES);
  const also = await half;
  return [...(await targets()), ...(also ? [also] : [])];
}

/** Compares on all targets of this machine, or on those given. */
export async function checkOp<Name extends string>(test: Case<Name>, on?: readonly Target[]): Promise<void> {
  for (const target of on ?? (await everyTarget())) await checkOn(target, test as unknown as Case<string>);
}

/** A trace on a target, with buffers of its externals. */
export interface Loaded {
  has(name: string): boolean;
  write(name: string, data: ArrayBufferView): void;
  run(): Promise<void>;
  floats(name: string): Promise<Float32Array>;
  words(name: string): Promise<Uint32Array>;
  release(): void;
}

/** Compiles what was traced and fills externals by name; others start as zeros. Contents without a buffer are ignored. */
export async function load(
  target: Target,
  g: Graph,
  contents: Readonly<Record<string, ArrayBufferView>>,
): Promise<Loaded> {
  const program = compileGraph(g);
  const buffers = new Map<string, DeviceBuffer>();
  for (const { name, bytes } of storagesOf(program.calls, true)) {
    if (!buffers.has(name)) buffers.set(name, target.allocate(bytes, name));
  }
  const write = (name: string, data: ArrayBufferView) => {
    const buffer = buffers.get(name);
    if (buffer) target.write(buffer, data);
  };
  for (const [name, data] of Object.entries(contents)) write(name, data);
  const executable = await target.compile(program, buffers);
  const read = (name: string) => {
    const buffer = buffers.get(name);
    if (!buffer) throw new Error(`nothing in the trace touches ${name}`);
    return target.read(buffer);
  };
  return {
    has: (name) => buffers.has(name),
    write,
    run: async () => executable.run(),
    floats: async (name) => new Float32Array(await read(name)),
    words: async (name) => new Uint32Array(await read(name)),
    release: () => {
      target.discard(executable);
      for (const buffer of buffers.values()) target.free(buffer);
    },
  };
}

async function checkOn(target: Target, test: Case<string>): Promise<void> {
  const half = target.activations === "f16";
  const inputs = half ? asHalf(test.inputs) : test.inputs;
  const { reference, runs = 1 } = test;
  const tolerance = half ? Math.max(test.tolerance ?? 0, HALF_TOLERANCE) : (test.tolerance ?? 2e-5);
  const values = Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, Float64Array.from(data)]));
  const expected = reference(values);
  const { g, upstream, gradientNames, halves } = traceCase(
    { ...test, inputs },
    Object.keys(expected),
    target.activations,
  );
  const contents: Record<string, ArrayBufferView> = {
    step: packStep({ ...NO_STEP, adapter_scale: 1, ...test.step }),
  };
  for (const [name, { data, stored }] of Object.entries(inputs)) contents[name] = stored ?? data;
  for (const [name, data] of Object.entries(upstream)) contents[`upstream.${name}`] = data;
  const loaded = await load(target, g, contents);
  for (let i = 0; i < runs; i++) await loaded.run();

  for (const [name, values64] of Object.entries(expected)) {
    const got = halves.has(name)
      ? f16ToF32(new Uint16Array((await loaded.words(`out.${name}`)).buffer))
      : await loaded.floats(`out.${name}`);
    compare(got, values64, tolerance, `${target.name}${half ? " f16" : ""} ${name}`);
  }
  for (const [name, gradientName] of gradientNames) {
    const times = inputs[name]?.grad === "param" ? runs : 1;
    const loss = (x: Float64Array) => {
      const result = reference({ ...values, [name]: x });
      return Object.entries(upstream).reduce((sum, [key, dy]) => sum + times * dot(dy, result[key] ?? []), 0);
    };
    // A gradient that is the upstream itself, as of a sum, has no buffer of its own.
    const through = upstream[gradientName.replace("upstream.", "")];
    const got = loaded.has(gradientName) ? await loaded.floats(gradientName) : through;
    if (!got) throw new Error(`${target.name}: ${name} gets no gradient`);
    compareGradient(got, loss, values[name] ?? new Float64Array(), tolerance * 4, `${target.name} gradient of ${name}`);
  }
  loaded.release();
}

/** Rounding to 11 bits of inputs, of the result and of what lies between them. */
const HALF_TOLERANCE = 2e-3;

/** Inputs through which gradients flow are activations: stored as f16, and what that leaves of them. */
function asHalf(inputs: Readonly<Record<string, Input>>): Record<string, Input> {
  const round = (input: Input): Input => {
    if (input.grad !== "flow" || !(input.data instanceof Float32Array)) return input;
    const stored = f32ToF16(input.data);
    return { ...input, data: f16ToF32(stored), stored, format: "f16" };
  };
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, round(input)]));
}

/** Forward and backward, with outputs and gradients turned into externals. */
function traceCase(
  { inputs, trace, upstream: given }: Case<string>,
  outputNames: readonly string[],
  activations: Activations,
) {
  const g = createGraph("check", activations);
  const tensors: Record<string, Tensor> = { step: external("step", [STEP_BYTES / 4]) };
  for (const [name, { shape, grad, format, stored }] of Object.entries(inputs)) {
    const base = external(name, shape, format, stored?.byteLength);
    const gradient = grad === "param" ? { grad: external(`d${name}`, shape) } : {};
    tensors[name] = { ...base, needsGrad: grad !== undefined, ...gradient };
  }
  const outputs = trace(g, tensors as Record<string, Tensor> & { step: Tensor });
  const gradients: Gradients = new Map();
  const upstream: Record<string, Float32Array> = {};
  for (const name of outputNames) {
    const tensor = outputs[name];
    if (!tensor?.needsGrad) continue;
    upstream[name] = given?.[name] ?? randoms(tensor.shape, 77);
    addGradient(g, gradients, tensor, external(`upstream.${name}`, tensor.shape));
  }
  backward(g, g.tape, gradients);
  const wanted = new Map<Storage, Storage>();
  const exposed = (tensor: Tensor, name: string) =>
    wanted.set(tensor.storage, { ...tensor.storage, name, external: true });
  for (const name of outputNames) exposed(outputs[name] as Tensor, `out.${name}`);
  const gradientNames = new Map<string, string>();
  for (const [name, { grad }] of Object.entries(inputs)) {
    if (!grad) continue;
    gradientNames.set(name, `d${name}`);
    if (grad === "param") continue;
    const gradient = takeGradient(gradients, tensors[name] as Tensor);
    if (!gradient) throw new Error(`${name} gets no gradient`);
    const taken = wanted.get(gradient.storage)?.name;
    if (gradient.storage.external || taken) gradientNames.set(name, taken ?? gradient.storage.name);
    else exposed(gradient, `d${name}`);
  }
  g.calls.splice(0, g.calls.length, ...g.calls.map((item) => redirect(item, wanted)));
  const halves = new Set(outputNames.filter((name) => outputs[name]?.format === "f16"));
  return { g, upstream, gradientNames, halves };
}

/** Single elements all over the tensor, and the slope in one random direction, which no wrong element escapes. */
function compareGradient(
  got: Float32Array,
  loss: (x: Float64Array) => number,
  x: Float64Array,
  tolerance: number,
  what: string,
): void {
  expect(got.length, `${what}: length`).toBe(x.length);
  const count = Math.min(24, x.length);
  const jitter = randoms([count], 5, 0.5);
  const picks = Array.from(jitter, (r, i) => Math.floor(((i + 0.5 + r) * x.length) / count));
  const unit = (i: number) => Float64Array.from(x, (_, j) => (i === j ? 1 : 0));
  // Where the true gradient is zero, rounding is all there is to see.
  const scale = Math.max(maxAbs(got), 1e-2);
  const slopes = picks.map((i) => slope(loss, x, unit(i), 1e-4));
  compare(
    picks.map((i) => got[i] ?? Number.NaN),
    slopes,
    tolerance,
    what,
    scale,
  );
  const direction = Float64Array.from(randoms([x.length], 6));
  const along = slope(loss, x, direction, 1e-5);
  compare([dot(got, direction)], [along], tolerance, `${what} in all`, scale * Math.sqrt(x.length));
}

/** Central difference in float64: with h = 1e-4 its own error is near 1e-8 of the value. */
function slope(loss: (x: Float64Array) => number, x: Float64Array, direction: Float64Array, h: number): number {
  const at = (step: number) => loss(x.map((value, i) => value + step * (direction[i] ?? 0)));
  return (at(h) - at(-h)) / (2 * h);
}

function redirect(item: Call, wanted: ReadonlyMap<Storage, Storage>): Call {
  const swap = (record: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(
      Object.entries(record).map(([name, t]) => [name, { ...t, storage: wanted.get(t.storage) ?? t.storage }]),
    );
  return { ...item, reads: swap(item.reads), writes: swap(item.writes) };
}

function dot(a: Numbers, b: Numbers): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? Number.NaN) * (b[i] ?? Number.NaN);
  return sum;
}

const maxAbs = (values: Numbers) => Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

export function compare(
  got: Numbers,
  expected: Numbers,
  tolerance: number,
  what: string,
  scale = maxAbs(expected),
): void {
  expect(got.length, `${what}: length`).toBe(expected.length);
  let worst = 0;
  let at = 0;
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs((got[i] ?? Number.NaN) - (expected[i] ?? Number.NaN)) / Math.max(scale, 1e-6);
    if (error <= worst) continue;
    worst = error;
    at = i;
    if (Number.isNaN(error)) break;
  }
  expect(worst, `${what}: worst at ${at}: ${got[at]} for ${expected[at]}`).toBeLessThanOrEqual(tolerance);
}
