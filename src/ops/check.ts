/**
 * The harness that keeps an op's test to one line: forward against a float64 reference, and every gradient against
 * central differences of that reference, on every target that this machine has. Used by tests only.
 */
import { expect } from "vitest";
import { openDevice } from "@/gpu/device";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import { addGradient, backward, type Gradients, takeGradient } from "@/graph/backward";
import { createGraph, elements, external, type Graph, storagesOf } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep, STEP_BYTES, type Step } from "@/graph/step";
import type { Call, DeviceBuffer, Storage, Target, Tensor } from "@/graph/target";

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
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const gpu = create([]);
  // The object must outlive its devices, and nothing else keeps it.
  Object.assign(globalThis, { burnishGpu: gpu });
  return [createWebGpuTarget(await openDevice(gpu))];
}

export async function checkOp<Name extends string>(test: Case<Name>): Promise<void> {
  for (const target of await targets()) await checkOn(target, test as unknown as Case<string>);
}

async function checkOn(
  target: Target,
  { inputs, trace, reference, step, tolerance = 2e-5 }: Case<string>,
): Promise<void> {
  const g = createGraph("check");
  const tensors: Record<string, Tensor> = { step: external("step", [STEP_BYTES / 4]) };
  for (const [name, { shape, grad, format, stored }] of Object.entries(inputs)) {
    const base = external(name, shape, format, stored?.byteLength);
    const gradient = grad === "param" ? { grad: external(`d${name}`, shape) } : {};
    tensors[name] = { ...base, needsGrad: grad !== undefined, ...gradient };
  }
  const outputs = trace(g, tensors as Record<string, Tensor> & { step: Tensor });
  const values = Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, Float64Array.from(data)]));
  const expected = reference(values);
  const gradients: Gradients = new Map();
  const upstream: Record<string, Float32Array> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    if (!(name in expected) || !tensor.needsGrad) continue;
    upstream[name] = randoms(tensor.shape, 77);
    addGradient(g, gradients, tensor, external(`upstream.${name}`, tensor.shape));
  }
  backward(g, g.tape, gradients);
  const wanted = new Map<Storage, Storage>();
  const exposed = (tensor: Tensor, name: string) =>
    wanted.set(tensor.storage, { ...tensor.storage, name, external: true });
  for (const name of Object.keys(expected)) exposed(outputs[name] as Tensor, `out.${name}`);
  for (const [name, { grad }] of Object.entries(inputs)) {
    const gradient = grad === "flow" ? takeGradient(gradients, tensors[name] as Tensor) : undefined;
    if (gradient && !gradient.storage.external) exposed(gradient, `d${name}`);
  }
  g.calls.splice(0, g.calls.length, ...g.calls.map((item) => redirect(item, wanted)));

  const program = compileGraph(g);
  const buffers = new Map<string, DeviceBuffer>();
  for (const { name, bytes } of storagesOf(program.calls, true)) buffers.set(name, target.allocate(bytes, name));
  const write = (name: string, data: ArrayBufferView) => {
    const buffer = buffers.get(name);
    if (buffer) target.write(buffer, data);
  };
  for (const [name, { data, stored }] of Object.entries(inputs)) write(name, stored ?? data);
  for (const [name, data] of Object.entries(upstream)) write(`upstream.${name}`, data);
  write("step", packStep({ ...NO_STEP, adapter_scale: 1, ...step }));
  await (await target.compile(program, buffers)).run();
  const fetched = async (name: string) => new Float32Array(await target.read(buffers.get(name) as DeviceBuffer));

  for (const [name, values64] of Object.entries(expected)) {
    compare(await fetched(`out.${name}`), values64, tolerance, `${target.name} ${name}`);
  }
  for (const [name, { data, grad }] of Object.entries(inputs)) {
    if (!grad || !buffers.has(`d${name}`)) continue;
    const loss = (x: Float64Array) => {
      const result = reference({ ...values, [name]: x });
      return Object.entries(upstream).reduce((sum, [key, dy]) => sum + dot(dy, result[key] ?? []), 0);
    };
    const picks = Array.from({ length: Math.min(24, data.length) }, (_, i) =>
      Math.floor((i * data.length) / Math.min(24, data.length)),
    );
    const got = await fetched(`d${name}`);
    const differences = picks.map((i) => difference(loss, Float64Array.from(data), i));
    compare(
      picks.map((i) => got[i] ?? Number.NaN),
      differences,
      tolerance * 4,
      `${target.name} gradient of ${name}`,
      maxAbs(got),
    );
  }
  for (const buffer of buffers.values()) target.free(buffer);
}

/** Central difference with h = 1e-4 in float64: its own error is near 1e-8 of the value. */
function difference(loss: (x: Float64Array) => number, x: Float64Array, i: number): number {
  const h = 1e-4;
  const at = x[i] ?? 0;
  x[i] = at + h;
  const above = loss(x);
  x[i] = at - h;
  const below = loss(x);
  x[i] = at;
  return (above - below) / (2 * h);
}

function redirect(item: Call, wanted: ReadonlyMap<Storage, Storage>): Call {
  const swap = (record: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(
      Object.entries(record).map(([name, t]) => [name, { ...t, storage: wanted.get(t.storage) ?? t.storage }]),
    );
  return { ...item, reads: swap(item.reads), writes: swap(item.writes) };
}

const dot = (a: Numbers, b: Numbers) => Array.from(a).reduce((sum, value, i) => sum + value * (b[i] ?? Number.NaN), 0);
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
    if (!(error <= worst)) {
      worst = error;
      at = i;
    }
  }
  expect(worst, `${what}: worst at ${at}: ${got[at]} for ${expected[at]}`).toBeLessThanOrEqual(tolerance);
}
