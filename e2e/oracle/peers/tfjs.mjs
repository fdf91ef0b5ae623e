/** TensorFlow.js's side on WebGPU: the block by valueAndGrads, its own Adam (no decay is asked for, so it is AdamW). */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-backend-webgpu";
import { ADAM, angles, blockData, causalMask, norm, PRODUCT, PROJECTIONS, SHAPE, turned, values } from "./block-data.mjs";
import { answer, measure } from "./measure.mjs";
import { readTask } from "./task.mjs";

const { task, rank, seconds } = readTask();
const { tokens, width, heads, kvHeads, headDim, scale } = SHAPE;
const half = headDim / 2;

async function blockTask() {
  const raw = blockData(rank);
  const x = tf.tensor(raw.x, [tokens, width]);
  const frozen = { upstream: tf.tensor(raw.upstream, [tokens, width]), attention: tf.tensor(raw["w.attention"]), mlp: tf.tensor(raw["w.mlp"]) };
  const trained = {};
  for (const [name, [outputs, inputs]] of Object.entries(PROJECTIONS)) {
    frozen[name] = tf.tensor(turned(raw[`w.${name}`], outputs, inputs), [inputs, outputs]);
    const parts = [[`a.${name}`, rank, inputs], [`b.${name}`, outputs, rank]];
    for (const [key, rows, columns] of parts) {
      trained[key] = tf.variable(tf.tensor(turned(raw[key], rows, columns), [columns, rows]), true, key);
    }
  }
  const cos = tf.tensor(angles(Math.cos), [1, tokens, half]);
  const sin = tf.tensor(angles(Math.sin), [1, tokens, half]);
  const mask = tf.tensor(causalMask(), [1, tokens, tokens]);
  const keys = Object.keys(trained);

  const block = (input, ...list) => {
    const p = Object.fromEntries(keys.map((key, i) => [key, list[i]]));
    const project = (h, name) =>
      tf.add(tf.matMul(h, frozen[name]), tf.mul(tf.matMul(tf.matMul(h, p[`a.${name}`]), p[`b.${name}`]), scale));
    const rms = (h, weight) => tf.mul(tf.mul(h, tf.rsqrt(tf.add(tf.mean(tf.square(h), -1, true), 1e-5))), weight);
    const split = (h, count) => tf.transpose(tf.reshape(h, [tokens, count, headDim]), [1, 0, 2]);
    const rotate = (h) => {
      const [low, high] = tf.split(h, 2, 2);
      return tf.concat([tf.sub(tf.mul(low, cos), tf.mul(high, sin)), tf.add(tf.mul(high, cos), tf.mul(low, sin))], 2);
    };
    const shared = (h) =>
      tf.reshape(tf.tile(tf.expandDims(h, 1), [1, heads / kvHeads, 1, 1]), [heads, tokens, headDim]);
    const normed = rms(input, frozen.attention);
    const q = rotate(split(project(normed, "q"), heads));
    const k = shared(rotate(split(project(normed, "k"), kvHeads)));
    const v = shared(split(project(normed, "v"), kvHeads));
    const weights = tf.softmax(tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(headDim)), mask));
    const mixed = tf.reshape(tf.transpose(tf.matMul(weights, v), [1, 0, 2]), [tokens, heads * headDim]);
    const middle = tf.add(input, project(mixed, "o"));
    const second = rms(middle, frozen.mlp);
    const gate = project(second, "gate");
    const gated = tf.mul(tf.mul(gate, tf.sigmoid(gate)), project(second, "up"));
    return tf.sum(tf.mul(tf.add(middle, project(gated, "down")), frozen.upstream));
  };
  const both = tf.valueAndGrads(block);
  const optimizer = tf.train.adam(ADAM.rate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
  const losses = [];
  let norms;
  const step = async () => {
    const { value, grads } = both([x, ...keys.map((key) => trained[key])]);
    norms ??= Object.fromEntries(await Promise.all(grads.map(async (grad, i) => [["x", ...keys][i], norm(await grad.data())])));
    optimizer.applyGradients(keys.map((key, i) => ({ name: key, tensor: grads[i + 1] })));
    losses.push((await value.data())[0]);
    await trained[keys.at(-1)].data();
    tf.dispose([value, grads]);
  };
  return { ...(await measure(step, seconds)), losses: losses.slice(0, 3), norms };
}

async function productTask() {
  const [rows, inner, columns] = PRODUCT;
  const x = tf.tensor(values("x", rows * inner, 1), [rows, inner]);
  const w = tf.tensor(turned(values("w", columns * inner, 1), columns, inner), [inner, columns]);
  let out;
  const clock = await measure(async () => {
    const y = tf.matMul(x, w);
    out = await y.data();
    y.dispose();
  }, seconds);
  return { ...clock, norms: { out: norm(out) } };
}

window.result = await answer(async () => {
  await tf.setBackend("webgpu");
  await tf.ready();
  return { ...(await (task === "block" ? blockTask() : productTask())), engine: `TensorFlow.js ${tf.version_core} webgpu` };
});
