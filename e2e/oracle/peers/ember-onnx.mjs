/**
 * The bundled model as ONNX with a key/value cache, in the operators that Hugging Face's exports for transformers.js use
 * (SimplifiedLayerNormalization, GroupQueryAttention with rotary inside), f32.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FLOAT, INT32, INT64, model, node, tensor } from "./onnx-writer.mjs";

function safetensors(path) {
  const file = readFileSync(path);
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + length).toString());
  return (name) => {
    const { dtype, shape, data_offsets: range } = header[name];
    if (dtype !== "F16") throw new Error(`${name} is ${dtype}; this reader knows F16 only`);
    const start = 8 + length + range[0];
    const half = Uint16Array.from({ length: (range[1] - range[0]) / 2 }, (_, i) => file.readUInt16LE(start + 2 * i));
    return { shape, data: Float32Array.from(half, halfToFloat) };
  };
}

function halfToFloat(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function transposed({ shape: [rows, columns], data }) {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c];
  return { shape: [columns, rows], data: out };
}

export function emberOnnx(folder) {
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const { num_hidden_layers: layers, num_attention_heads: heads, vocab_size: vocab } = config;
  const { num_key_value_heads: kvHeads, head_dim: headDim, max_position_embeddings: positions } = config;
  const weight = safetensors(join(folder, "model.safetensors"));
  const constants = [];
  const constant = (name, { shape, data }, type = FLOAT) => {
    constants.push(tensor(name, type, shape, data));
    return name;
  };
  const nodes = [];
  const add = (op, inputs, output, attributes, domain) => {
    nodes.push(node(op, inputs, Array.isArray(output) ? output : [output], attributes, domain));
    return Array.isArray(output) ? output[0] : output;
  };
  const rms = (x, name, output) =>
    add("SimplifiedLayerNormalization", [x, constant(name, weight(name))], output, { axis: -1, epsilon: { float: config.rms_norm_eps }, stash_type: 1 });
  const project = (x, name, output) => add("MatMul", [x, constant(name, transposed(weight(name)))], output);

  const half = headDim / 2;
  const table = (f) =>
    Float32Array.from({ length: positions * half }, (_, i) => f(Math.floor(i / half) / config.rope_theta ** ((2 * (i % half)) / headDim)));
  constant("cos", { shape: [positions, half], data: table(Math.cos) });
  constant("sin", { shape: [positions, half], data: table(Math.sin) });
  const embedding = weight("model.embed_tokens.weight");
  let x = add("Gather", [constant("embedding", embedding), "input_ids"], "embedded", { axis: 0 });
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`;
    const normed = rms(x, `${at}.input_layernorm.weight`, `${at}.normed`);
    const [q, k, v] = ["q", "k", "v"].map((part) => project(normed, `${at}.self_attn.${part}_proj.weight`, `${at}.${part}`));
    const past = [`past.${layer}.key`, `past.${layer}.value`];
    const present = [`present.${layer}.key`, `present.${layer}.value`];
    const attributes = { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1, rotary_interleaved: 0 };
    const inputs = [q, k, v, ...past, "seqlens_k", "total_length", "cos", "sin"];
    const mixed = add("GroupQueryAttention", inputs, [`${at}.mixed`, ...present], attributes, "com.microsoft");
    const middle = add("Add", [x, project(mixed, `${at}.self_attn.o_proj.weight`, `${at}.o`)], `${at}.middle`);
    const second = rms(middle, `${at}.post_attention_layernorm.weight`, `${at}.second`);
    const gate = project(second, `${at}.mlp.gate_proj.weight`, `${at}.gate`);
    const gated = add("Mul", [gate, add("Sigmoid", [gate], `${at}.sigmoid`)], `${at}.silu`);
    const up = add("Mul", [gated, project(second, `${at}.mlp.up_proj.weight`, `${at}.up`)], `${at}.gated`);
    x = add("Add", [middle, project(up, `${at}.mlp.down_proj.weight`, `${at}.down`)], `${at}.out`);
  }
  add("MatMul", [rms(x, "model.norm.weight", "final"), constant("head", transposed(embedding))], "logits");

  const cache = (prefix, length) =>
    Array.from({ length: layers }, (_, layer) =>
      ["key", "value"].map((part) => [`${prefix}.${layer}.${part}`, FLOAT, [1, kvHeads, length, headDim]]),
    ).flat();
  return model({
    ...{ nodes, constants },
    inputs: [["input_ids", INT64, [1, "rows"]], ["seqlens_k", INT32, [1]], ["total_length", INT32, [1]], ...cache("past", "past_length")],
    outputs: [["logits", FLOAT, [1, "rows", vocab]], ...cache("present", "total")],
  });
}

export const emberCache = (folder) => {
  const { num_hidden_layers: layers, num_key_value_heads: kvHeads, head_dim: headDim } = JSON.parse(
    readFileSync(join(folder, "config.json"), "utf8"),
  );
  return { layers, kvHeads, headDim };
};
