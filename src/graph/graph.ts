/**
 * Tracing: a model's forward is ordinary functions over symbolic tensors, and running them appends kernel calls to a
 * list. Nothing is computed or allocated here. Each op leaves a node on the tape, from which `backward.ts` appends
 * the gradient's calls by the op's own rule.
 */
import type { Activations, Call, Format, Storage, Tensor } from "@/graph/target";

/** Appends the calls that turn gradients of an op's outputs into gradients of its inputs. */
export interface TapeNode {
  readonly label: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Gradients of outputs by name → gradients of inputs by name. Inputs that need none may be left out. */
  readonly pullback: (gradients: Record<string, Tensor>) => Record<string, Tensor | undefined>;
}

export interface Graph {
  readonly name: string;
  readonly activations: Activations;
  readonly calls: Call[];
  tape: TapeNode[];
  /** Number of calls made when `pause` was called. */
  pausedAt?: number;
  /** Path of scopes, joined into every call's label. */
  readonly path: string[];
}

export function createGraph(name: string, activations: Activations = "f32"): Graph {
  return { name, activations, calls: [], tape: [], path: [] };
}

/** Marks the point at which the host reads what was computed and writes what the rest depends on; one in a program. */
export function pause(graph: Graph): void {
  if (graph.pausedAt !== undefined) throw new Error(`internal: ${graph.name} pauses twice`);
  graph.pausedAt = graph.calls.length;
}

const BYTES: Partial<Record<Format, number>> = { f32: 4, u32: 4, f16: 2 };

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** A new temporary. */
export function temp(
  graph: Graph,
  shape: readonly number[],
  needsGrad = false,
  format: Activations | "u32" = "f32",
): Tensor {
  const name = `${graph.path.join(".")}#${graph.calls.length}`;
  return {
    storage: { name, bytes: elements(shape) * (format === "f16" ? 2 : 4), external: false },
    offset: 0,
    shape,
    format,
    needsGrad,
  };
}

/** A new temporary for what a forward makes, in the graph's format. Gradients and statistics are f32: plain `temp`. */
export function forwardTemp(graph: Graph, shape: readonly number[]): Tensor {
  return temp(graph, shape, false, graph.activations);
}

/** A tensor in a buffer that outlives the program: weights, inputs, results. `bytes` for formats with blocks. */
export function external(name: string, shape: readonly number[], format: Format = "f32", bytes?: number): Tensor {
  const size = bytes ?? elements(shape) * (BYTES[format] ?? Number.NaN);
  return { storage: { name, bytes: size, external: true }, offset: 0, shape, format, needsGrad: false };
}

/** Rows [start, start + count) of a matrix, sharing its storage. */
export function rows(tensor: Tensor, start: number, count: number): Tensor {
  const rowBytes = elements(tensor.shape.slice(1)) * (BYTES[tensor.format] ?? Number.NaN);
  return slice(tensor, start * rowBytes, [count, ...tensor.shape.slice(1)]);
}

/** A shaped range of a tensor's storage, `offset` bytes behind its own start. */
export function slice(tensor: Tensor, offset: number, shape: readonly number[]): Tensor {
  if (offset % 256 !== 0)
    throw new Error(`internal: slice of ${tensor.storage.name} at ${offset}, not a multiple of 256`);
  return { ...tensor, offset: tensor.offset + offset, shape };
}

/** Bytes that a kernel binds for this tensor. Blocked weight formats always cover their whole storage. */
export function tensorBytes(tensor: Tensor): number {
  const unit = BYTES[tensor.format];
  return unit === undefined ? tensor.storage.bytes : elements(tensor.shape) * unit;
}

export type Grid = number | readonly [number, number] | readonly [number, number, number];

/** Appends one kernel call. `kernel` is "file.entry". */
export function call(
  graph: Graph,
  kernel: string,
  operands: { reads: Record<string, Tensor>; writes: Record<string, Tensor> },
  constants: Record<string, number>,
  grid: Grid,
): void {
  const [x, y = 1, z = 1] = typeof grid === "number" ? [grid] : grid;
  graph.calls.push({ kernel, ...operands, constants, grid: [x, y, z], label: [...graph.path, kernel].join(".") });
}

/** Labels every call made inside `body` with `name`. */
export function scope<T>(graph: Graph, name: string, body: () => T): T {
  graph.path.push(name);
  try {
    return body();
  } finally {
    graph.path.pop();
  }
}

/** Distinct storages in order of first use, externals or temporaries. */
export function storagesOf(calls: readonly Call[], isExternal: boolean): Storage[] {
  const found = new Set<Storage>();
  for (const { reads, writes } of calls) {
    for (const tensor of [...Object.values(reads), ...Object.values(writes)]) {
      if (tensor.storage.external === isExternal) found.add(tensor.storage);
    }
  }
  return [...found];
}
