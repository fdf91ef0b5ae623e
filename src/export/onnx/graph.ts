/**
 * An ONNX graph under construction, and how it becomes a file: nodes first, then the tensors, whose bytes are streamed
 * one after another so that no model is ever in memory twice. Field numbers are those of onnx.proto3.
 *
 * One protobuf message ends at 2 GB; a larger model keeps its tensors in a second file, `<name>_data`, beside it.
 */
import type { PlannedFile } from "@/export/format";
import { type Bytes, concat, float, integer, integers, nested, opening } from "@/export/onnx/protobuf";

/** TensorProto.DataType. */
export const TYPES = { f32: 1, u8: 2, i64: 7, f16: 10 } as const;
export type ElementType = keyof typeof TYPES;

/** A tensor's bytes, known in number before they are made. */
export interface TensorBytes {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly bytes: number;
  chunks(): AsyncIterable<Bytes>;
}

/** A dimension is a number, or a name for one that callers choose. */
type Dims = readonly (number | string)[];
type Attribute = number | readonly number[];

export interface OnnxGraph {
  /** Adds a node of one output, and gives the output's name. A real attribute is `{ real: 0.5 }`. */
  node(op: string, inputs: readonly string[], attributes?: Attributes): string;
  nodes(op: string, inputs: readonly string[], outputs: number, attributes?: Attributes): string[];
  input(name: string, type: ElementType, dims: Dims): string;
  /** Names a value as an output of the graph. */
  output(value: string, name: string, type: ElementType, dims: Dims): void;
  tensor(name: string, content: TensorBytes): string;
  integers(...values: readonly number[]): string;
  integer(value: number): string;
  real(value: number): string;
  /** What is added meanwhile is labelled so. */
  within<T>(scope: string, build: () => T): T;
  files(path: string, limit?: number): PlannedFile[];
}

export type Attributes = Readonly<Record<string, Attribute | { readonly real: number }>>;

/** IR version 8 and operators 18: what onnxruntime-web and every runtime since 2023 take. */
const IR_VERSION = 8;
const OPSET = 18;
/** Operators of onnxruntime itself: weights of 8 bits multiplied as they are. */
const CONTRIB = "com.microsoft";
const CONTRIB_OPS = new Set(["MatMulNBits"]);
/** Bytes of one file; protobuf's own limit is 2^31. */
export const ONE_FILE = 1_900_000_000;

export function createOnnxGraph(name: string): OnnxGraph {
  const nodes: Bytes[] = [];
  const inputs: Bytes[] = [];
  const outputs: Bytes[] = [];
  const tensors = new Map<string, TensorBytes>();
  const scopes: string[] = [];
  let count = 0;

  const add: OnnxGraph["nodes"] = (op, from, many, attributes = {}) => {
    count++;
    const label = [...scopes, `${op}_${count}`].join("/");
    const to = Array.from({ length: many }, (_, i) => (many === 1 ? `${label}:0` : `${label}:${i}`));
    nodes.push(nested(1, nodeFields(op, from, to, label, attributes)));
    return to;
  };
  const constant = (key: string, content: TensorBytes) => {
    if (!tensors.has(key)) tensors.set(key, content);
    return key;
  };
  const int64 = (values: readonly number[]) => new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);

  return {
    node: (op, from, attributes) => add(op, from, 1, attributes)[0] ?? "",
    nodes: add,
    input: (value, type, dims) => {
      inputs.push(nested(11, valueInfo(value, type, dims)));
      return value;
    },
    output: (value, as, type, dims) => {
      nodes.push(nested(1, nodeFields("Identity", [value], [as], `output/${as}`, {})));
      outputs.push(nested(12, valueInfo(as, type, dims)));
    },
    tensor: constant,
    integers: (...values) => constant(`ints_${values.join("_")}`, plainTensor("i64", [values.length], int64(values))),
    integer: (value) => constant(`int_${value}`, plainTensor("i64", [], int64([value]))),
    real: (value) => constant(`real_${value}`, plainTensor("f32", [], new Uint8Array(Float32Array.of(value).buffer))),
    within: (scope, build) => {
      scopes.push(scope);
      try {
        return build();
      } finally {
        scopes.pop();
      }
    },
    files: (path, limit = ONE_FILE) => {
      const data = [...tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0);
      const head = concat([...nodes, nested(2, name), ...inputs, ...outputs]);
      return data + head.length < limit ? [oneFile(path, head, tensors)] : twoFiles(path, head, tensors);
    },
  };
}

/** A tensor whose bytes are here already. */
export function plainTensor(type: ElementType, dims: readonly number[], content: Bytes): TensorBytes {
  return {
    type,
    dims,
    bytes: content.length,
    async *chunks() {
      yield content;
    },
  };
}

function nodeFields(op: string, from: readonly string[], to: readonly string[], name: string, attributes: Attributes) {
  return [
    ...from.map((value) => nested(1, value)),
    ...to.map((value) => nested(2, value)),
    nested(3, name),
    nested(4, op),
    ...Object.entries(attributes).map(([key, value]) => nested(5, [nested(1, key), ...attributeValue(value)])),
    ...(CONTRIB_OPS.has(op) ? [nested(7, CONTRIB)] : []),
  ];
}

function attributeValue(value: Attributes[string]): Bytes[] {
  if (typeof value === "number") return [integer(3, value), integer(20, 2)];
  if ("real" in value) return [float(2, value.real), integer(20, 1)];
  return [...value.map((item) => integer(8, item)), integer(20, 7)];
}

function valueInfo(name: string, type: ElementType, dims: Dims): Bytes[] {
  const shape = dims.map((dim) => nested(1, typeof dim === "number" ? [integer(1, dim)] : [nested(2, dim)]));
  return [nested(1, name), nested(2, [nested(1, [integer(1, TYPES[type]), nested(2, shape)])])];
}

const tensorHead = (name: string, { type, dims }: TensorBytes) => [
  integers(1, dims),
  integer(2, TYPES[type]),
  nested(8, name),
];

/** The fields of a model around its graph, which is the last one. */
const modelHead = () =>
  concat([
    integer(1, IR_VERSION),
    nested(2, "burnish"),
    nested(8, [integer(2, OPSET)]),
    nested(8, [nested(1, CONTRIB), integer(2, 1)]),
  ]);

function oneFile(path: string, head: Bytes, tensors: ReadonlyMap<string, TensorBytes>): PlannedFile {
  const entries = [...tensors].map(([name, content]) => {
    const fields = concat(tensorHead(name, content));
    const raw = opening(9, content.bytes);
    return { content, before: concat([opening(5, fields.length + raw.length + content.bytes), fields, raw]) };
  });
  const graph = head.length + entries.reduce((sum, { before, content }) => sum + before.length + content.bytes, 0);
  const start = concat([modelHead(), opening(7, graph), head]);
  return {
    name: path,
    bytes: start.length - head.length + graph,
    async *chunks() {
      yield start.slice();
      for (const { before, content } of entries) {
        yield before.slice();
        yield* content.chunks();
      }
    },
  };
}

/** Tensors of the second file begin at multiples of this, so that a runtime may map them. */
const ALIGN = 4096;
/** Smaller ones stay inside: runtimes need the values of shapes before they open the second file. */
const INSIDE = 1024;

function twoFiles(path: string, head: Bytes, tensors: ReadonlyMap<string, TensorBytes>): PlannedFile[] {
  const location = `${path.split("/").at(-1)}_data`;
  const outside: TensorBytes[] = [];
  let end = 0;
  const inner = new Map<string, TensorBytes>();
  const references: Bytes[] = [];
  const entry = (key: string, value: string) => nested(13, [nested(1, key), nested(2, value)]);
  for (const [name, content] of tensors) {
    if (content.bytes < INSIDE) {
      inner.set(name, content);
      continue;
    }
    const place = [entry("location", location), entry("offset", `${end}`), entry("length", `${content.bytes}`)];
    references.push(nested(5, [...tensorHead(name, content), ...place, integer(14, 1)]));
    outside.push(content);
    end = padded(end + content.bytes);
  }
  const data: PlannedFile = {
    name: `${path}_data`,
    bytes: end,
    async *chunks() {
      for (const content of outside) {
        yield* content.chunks();
        yield new Uint8Array(padded(content.bytes) - content.bytes);
      }
    },
  };
  return [oneFile(path, concat([head, ...references]), inner), data];
}

const padded = (bytes: number) => Math.ceil(bytes / ALIGN) * ALIGN;
