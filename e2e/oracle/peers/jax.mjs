/** jax-js's side: the same block under jit(valueAndGrad), every gradient awaited, since it never computes the unread. */
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { blockData, measure, norm, PROJECTIONS, SHAPE } from "./block-data.mjs";

const device = new URLSearchParams(location.search).get("engine") === "webgpu" ? "webgpu" : "wasm";
const { tokens, width, heads, kvHeads, headDim, rank, scale } = SHAPE;
const half = headDim / 2;

try {
  await init(device);
  defaultDevice(device);
  const raw = blockData();
  const make = (array, shape) => np.array(array, { shape, dtype: np.float32, device });
  const turned = (array, rows, columns) =>
    Float32Array.from({ length: rows * columns }, (_, i) => array[(i % rows) * columns + Math.floor(i / rows)]);
  const trained = { x: make(raw.x, [tokens, width]) };
  const frozen = { upstream: make(raw.upstream, [tokens, width]) };
  frozen.attention = make(raw["w.attention"], [width]);
  frozen.mlp = make(raw["w.mlp"], [width]);
  for (const [name, [outputs, inputs]] of Object.entries(PROJECTIONS)) {
    frozen[name] = make(turned(raw[`w.${name}`], outputs, inputs), [inputs, outputs]);
    trained[`a.${name}`] = make(turned(raw[`a.${name}`], rank, inputs), [inputs, rank]);
    trained[`b.${name}`] = make(turned(raw[`b.${name}`], outputs, rank), [rank, outputs]);
  }
  const angle = (t, i) => t / 10_000 ** ((2 * i) / headDim);
  const grid = (f) => Float32Array.from({ length: tokens * half }, (_, i) => f(angle(Math.floor(i / half), i % half)));
  frozen.cos = make(grid(Math.cos), [1, tokens, half]);
  frozen.sin = make(grid(Math.sin), [1, tokens, half]);
  const mask = Float32Array.from({ length: tokens * tokens }, (_, i) => (i % tokens > Math.floor(i / tokens) ? -1e9 : 0));
  frozen.mask = make(mask, [1, tokens, tokens]);

  const block = (p, c) => {
    const project = (h, name) => {
      const low = np.matmul(np.matmul(h.ref, p[`a.${name}`].ref), p[`b.${name}`].ref);
      return np.matmul(h, c[name].ref).add(low.mul(scale));
    };
    const rms = (h, weight) => {
      const inverse = np.reciprocal(np.sqrt(np.mean(np.square(h.ref), -1, { keepdims: true }).add(1e-5)));
      return h.mul(inverse).mul(weight.ref);
    };
    const split = (h, count) => np.transpose(h.reshape([tokens, count, headDim]), [1, 0, 2]);
    const rotate = (h) => {
      const low = h.ref.slice([], [], [0, half]);
      const high = h.slice([], [], [half, headDim]);
      const first = low.ref.mul(c.cos.ref).sub(high.ref.mul(c.sin.ref));
      return np.concatenate([first, high.mul(c.cos.ref).add(low.mul(c.sin.ref))], 2);
    };
    const shared = (h) => np.repeat(h, heads / kvHeads, 0);
    const normed = rms(p.x.ref, c.attention);
    const q = rotate(split(project(normed.ref, "q"), heads));
    const k = shared(rotate(split(project(normed.ref, "k"), kvHeads)));
    const v = shared(split(project(normed, "v"), kvHeads));
    const scores = np.matmul(q, np.transpose(k, [0, 2, 1])).mul(1 / Math.sqrt(headDim)).add(c.mask.ref);
    const mixed = np.transpose(np.matmul(nn.softmax(scores, -1), v), [1, 0, 2]).reshape([tokens, heads * headDim]);
    const middle = p.x.ref.add(project(mixed, "o"));
    const second = rms(middle.ref, c.mlp);
    const gated = nn.silu(project(second.ref, "gate")).mul(project(second, "up"));
    return np.sum(middle.add(project(gated, "down")).mul(c.upstream.ref));
  };
  const both = jit(valueAndGrad(block));
  const copies = (tree) => Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, value.ref]));
  const norms = {};
  const step = async () => {
    const [value, gradients] = both(copies(trained), copies(frozen));
    for (const [name, gradient] of Object.entries(gradients)) {
      await (await gradient.ref.blockUntilReady()).dispose();
      if (norms[name] === undefined) norms[name] = norm(await gradient.ref.data());
      gradient.dispose();
    }
    await value.data();
  };
  await step();
  window.result = { ...(await measure(step, device === "webgpu" ? 3 : 40)), norms, engine: `jax-js ${device}` };
} catch (error) {
  window.result = { error: String(error?.stack ?? error) };
}
