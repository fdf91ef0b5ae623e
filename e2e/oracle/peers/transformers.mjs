/** transformers.js's side: its own greedy `generate` of the bundled model, as `burnish export --format onnx` leaves it. */
import { AutoModelForCausalLM, env, Tensor } from "@huggingface/transformers";
import mjs from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import { DECODE } from "./block-data.mjs";
import { answer, measure } from "./measure.mjs";
import { readTask } from "./task.mjs";

const { engine, seconds } = readTask();
const device = engine === "webgpu" ? "webgpu" : "wasm";
Object.assign(env, { remoteHost: `${location.origin}/`, remotePathTemplate: "{model}/" });
Object.assign(env, { allowLocalModels: false, useBrowserCache: false, useWasmCache: false });
const absolute = (path) => new URL(path, location.href).href;
Object.assign(env.backends.onnx.wasm, { wasmPaths: { mjs: absolute(mjs), wasm: absolute(wasm) } });
env.backends.onnx.wasm.numThreads = navigator.hardwareConcurrency;

/** Never ends early: all contenders draw the same number of tokens. */
const NO_END = -1;

window.result = await answer(async () => {
  const model = await AutoModelForCausalLM.from_pretrained("ember-onnx", { dtype: "fp32", device });
  const { prompt, tokens } = DECODE;
  const ids = (values) => new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
  let words;
  const clock = await measure(async () => {
    const asked = { inputs: ids(prompt), attention_mask: ids(prompt.map(() => 1)) };
    const said = await model.generate({ ...asked, max_new_tokens: tokens, do_sample: false, eos_token_id: NO_END });
    words = Array.from(said.data, Number).slice(prompt.length);
  }, seconds);
  return { ...clock, words, engine: `transformers.js ${env.version} ${device}` };
});
