/** As much of ONNX's protobuf as a decoder needs (onnx.proto3; field numbers from there). */
const text = new TextEncoder();

function varint(value) {
  const out = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Uint8Array.from([...out, Number(rest)]);
}

function join(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const bytes = (field, content) => join([varint((field << 3) | 2), varint(content.length), content]);
const string = (field, value) => bytes(field, text.encode(value));
const integer = (field, value) => join([varint(field << 3), varint(value)]);
const float = (field, value) => join([varint((field << 3) | 5), new Uint8Array(Float32Array.of(value).buffer)]);

export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;

/** A constant: data is a typed array of the element type. */
export const tensor = (name, type, dims, data) =>
  join([
    ...dims.map((dim) => integer(1, dim)),
    integer(2, type),
    string(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);

/** Integers and floats (given as { float }) as attributes. */
export function node(op, inputs, outputs, attributes = {}, domain = "") {
  const attribute = ([name, value]) =>
    typeof value === "object"
      ? bytes(5, join([string(1, name), float(2, value.float), integer(20, 1)]))
      : bytes(5, join([string(1, name), integer(3, value), integer(20, 2)]));
  return join([
    ...inputs.map((name) => string(1, name)),
    ...outputs.map((name) => string(2, name)),
    string(3, `${op}.${outputs[0]}`),
    string(4, op),
    ...Object.entries(attributes).map(attribute),
    ...(domain ? [string(7, domain)] : []),
  ]);
}

/** Names as dimensions are free. */
const valueInfo = ([name, type, dims]) => {
  const dim = (size) => bytes(1, typeof size === "string" ? string(2, size) : integer(1, size));
  return join([string(1, name), bytes(2, bytes(1, join([integer(1, type), bytes(2, join(dims.map(dim)))])))]);
};

export const model = ({ nodes, constants, inputs, outputs }) =>
  join([
    integer(1, 8),
    bytes(
      7,
      join([
        ...nodes.map((item) => bytes(1, item)),
        string(2, "graph"),
        ...constants.map((item) => bytes(5, item)),
        ...inputs.map((item) => bytes(11, valueInfo(item))),
        ...outputs.map((item) => bytes(12, valueInfo(item))),
      ]),
    ),
    bytes(8, join([string(1, ""), integer(2, 17)])),
    bytes(8, join([string(1, "com.microsoft"), integer(2, 1)])),
  ]);
