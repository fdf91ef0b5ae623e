/**
 * From a product as the trace names it (`linear.*`, `lora.gradient`) to one of the kernels that make it. The trace says
 * what is multiplied; which form is fastest depends on the device and on the shape, so that is decided here.
 *
 *   registers   a tile per lane, nothing shared
 *   quads       the same, four lanes sharing loads by subgroup swaps
 *   shared      64 lanes share a tile through workgroup memory
 *   split       64 lanes share the sum: for few rows or few columns
 */
import { elements } from "@/graph/graph";
import type { Call, Tensor } from "@/graph/target";

export const FORMS = ["registers", "quads", "shared", "split"] as const;
export type Form = (typeof FORMS)[number];

export interface Variant {
  readonly form: Form;
  /** registers, quads, split: most rows of a lane's tile, 1 to 16. */
  readonly rows?: number;
  /** split: lanes that share a sum, a power of two up to 64. */
  readonly split?: number;
  /** shared: quads on a side of the tile, 8 or 16. */
  readonly side?: number;
}

/** A call as a shader file takes it: `libraries` says which file a word of its `uses` line stands for. */
export interface Launch extends Call {
  readonly libraries: Readonly<Record<string, string>>;
}

/** What the choice may look at. */
export interface Product {
  readonly direction: "forward" | "backward" | "gradient";
  readonly format: Tensor["format"];
  /** Of the result. */
  readonly rows: number;
  readonly columns: number;
  /** Length of the sums. */
  readonly inner: number;
}

export type ChooseVariant = (product: Product) => Variant;

const FILES: Readonly<Record<Form, string>> = {
  registers: "linear",
  quads: "linear",
  shared: "linear-shared",
  split: "linear-split",
};

/** The product that a call makes, if it makes one. */
export function productOf({ kernel, reads, writes, constants }: Call): Product | undefined {
  const { K = 0, N = 0, M = 0 } = constants;
  const size = (tensor: Tensor | undefined) => (tensor ? elements(tensor.shape) : 0);
  const format = reads.w?.format ?? "f32";
  if (kernel.startsWith("linear.forward"))
    return { direction: "forward", format, rows: size(writes.y) / N, columns: N, inner: K };
  if (kernel.startsWith("linear.backward"))
    return { direction: "backward", format, rows: size(writes.dx) / K, columns: K, inner: N };
  if (kernel === "lora.gradient")
    return { direction: "gradient", format, rows: M, columns: N, inner: size(reads.right) / N };
  return undefined;
}

export function lower(call: Launch, choose: ChooseVariant): Launch {
  const product = productOf(call);
  if (!product) return call;
  const variant = choose(product);
  return product.direction === "gradient" ? lowerGradient(call, product, variant) : lowerLinear(call, product, variant);
}

function lowerLinear(call: Call, product: Product, variant: Variant): Launch {
  const { form } = variant;
  const { x, dy, w, h, dh, b, a, step } = call.reads;
  const operands = { left: x ?? dy, w, low: h ?? dh, factor: b ?? a, step: (h ?? dh) && step };
  const reads = Object.fromEntries(Object.entries(operands).filter((entry): entry is [string, Tensor] => !!entry[1]));
  const { constants, grid } = geometry(product, variant);
  return {
    ...call,
    kernel: `${FILES[form]}.${call.kernel.split(".")[1]}`,
    reads,
    writes: { y: (call.writes.y ?? call.writes.dx) as Tensor },
    constants: { ...call.constants, ...constants },
    grid,
    libraries: { lanes: form === "quads" ? "lanes-quad" : "lanes-alone" },
  };
}

/** Constants of the form and workgroups over the result. */
function geometry(
  { rows, columns }: Product,
  { form, rows: most = 16, split = 16, side = 16 }: Variant,
): Pick<Launch, "constants" | "grid"> {
  const quads = columns / 4;
  if (form === "shared") {
    return { constants: { SIDE: side }, grid: grid(quads / side, rows / (4 * side)) };
  }
  const tall = tileRows(rows, most);
  const tiles = Math.ceil(rows / tall);
  if (form === "split") return { constants: { ROWS: tall, SPLIT: split }, grid: grid(quads / (64 / split), tiles) };
  const down = Math.min(8, powerAbove(tiles));
  const lanesX = Math.max(4, Math.min(64 / down, powerAbove(quads)));
  return { constants: { ROWS: tall, LANES_X: lanesX }, grid: grid(quads / lanesX, tiles / (64 / lanesX)) };
}

/** The tallest tile that wastes little: 16, 8, 4 or 1 rows. */
function tileRows(rows: number, most: number): number {
  if (most >= 16 && rows % 16 === 0) return 16;
  if (most >= 8 && (rows % 8 === 0 || rows > 12)) return 8;
  return most >= 4 && rows > 1 ? 4 : 1;
}

function lowerGradient(call: Call, { rows, columns }: Product, { form, split = 64 }: Variant): Launch {
  const lanes = form === "split" ? split : 1;
  const { left, right } = call.reads;
  const flipped = rows > columns && left && right;
  const [high, wide] = flipped ? [columns, rows] : [rows, columns];
  return {
    ...call,
    reads: flipped ? { ...call.reads, left: right, right: left } : call.reads,
    constants: { M: high, N: wide, SPLIT: lanes, FLIPPED: flipped ? 1 : 0 },
    grid: grid(wide / 4 / (64 / lanes), high / 4 / Math.min(high / 4, 4)),
    libraries: { lanes: form === "quads" ? "lanes-quad" : "lanes-alone" },
  };
}

const grid = (x: number, y: number) => [Math.ceil(x), Math.ceil(y), 1] as const;
const powerAbove = (count: number) => 2 ** Math.ceil(Math.log2(count));
