/** onnxruntime-web's side, what transformers.js runs on: the plain product, and greedy decoding of the bundled model. */
import * as ort from "onnxruntime-web/webgpu";
import glue from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import { DECODE, norm, PRODUCT, turned, values } from "./block-data.mjs";
import { answer, measure } from "./measure.mjs";
import { FLOAT, model, node, tensor } from "./onnx-writer.mjs";
import { readTask } from "./task.mjs";

const { engine, task, seconds } = readTask();
const provider = engine === "webgpu" ? "webgpu" : "wasm";
ort.env.wasm.wasmPaths = { mjs: new URL(glue, location.href).href, wasm: new URL(wasm, location.href).href };
ort.env.wasm.numThreads = navigator.hardwareConcurrency;
ort.env.logLevel = "error";

async function productTask() {
  const [rows, inner, columns] = PRODUCT;
  const w = turned(values("w", columns * inner, 1), columns, inner);
  const bytes = model({
    nodes: [node("MatMul", ["x", "w"], ["y"])],
    constants: [tensor("w", FLOAT, [inner, columns], w)],
    inputs: [["x", FLOAT, [rows, inner]]],
    outputs: [["y", FLOAT, [rows, columns]]],
  });
  const session = await ort.InferenceSession.create(bytes, { executionProviders: [provider] });
  const x = new ort.Tensor("float32", values("x", rows * inner, 1), [rows, inner]);
  let out;
  const clock = await measure(async () => {
    out = await (await session.run({ x })).y.getData();
  }, seconds);
  return { ...clock, norms: { out: norm(out) } };
}

/** The cache stays where it is made, as transformers.js keeps it; only logits come back. */
async function decodeTask() {
  const { layers, kvHeads, headDim } = await (await fetch("/ember.json")).json();
  const bytes = new Uint8Array(await (await fetch("/ember.onnx")).arrayBuffer());
  const names = Array.from({ length: layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  const location = provider === "webgpu" ? "gpu-buffer" : "cpu";
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [provider],
    preferredOutputLocation: Object.fromEntries(names.map((name) => [`present.${name}`, location])),
  });
  const { prompt, tokens } = DECODE;
  const int32 = (value) => new ort.Tensor("int32", Int32Array.of(value), [1]);
  let words;
  const run = async () => {
    words = [];
    let past = Object.fromEntries(
      names.map((name) => [`past.${name}`, new ort.Tensor("float32", new Float32Array(), [1, kvHeads, 0, headDim])]),
    );
    let rows = prompt;
    for (let total = prompt.length; words.length < tokens; total++) {
      const ids = new ort.Tensor("int64", BigInt64Array.from(rows, BigInt), [1, rows.length]);
      const feeds = { input_ids: ids, seqlens_k: int32(total - 1), total_length: int32(total), ...past };
      const { logits, ...present } = await session.run(feeds);
      for (const tensor of Object.values(past)) tensor.dispose();
      past = Object.fromEntries(names.map((name) => [`past.${name}`, present[`present.${name}`]]));
      const all = await logits.getData();
      const last = all.subarray(all.length - all.length / rows.length);
      let word = 0;
      for (let i = 1; i < last.length; i++) if (last[i] > last[word]) word = i;
      words.push(word);
      rows = [word];
    }
    for (const tensor of Object.values(past)) tensor.dispose();
  };
  return { ...(await measure(run, seconds)), words };
}

window.result = await answer(async () => ({
  ...(await (task === "decode" ? decodeTask() : productTask())),
  engine: `onnxruntime-web ${ort.env.versions.web} ${provider}`,
}));
