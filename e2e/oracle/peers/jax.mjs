/** jax-js's side: the block under jit(valueAndGrad) and AdamW under jit, all results awaited: it never computes the unread. */
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { ADAM, angles, blockData, causalMask, norm, PRODUCT, PROJECTIONS, SHAPE, turned, values } from "./block-data.mjs";
import { answer, measure } from "./measure.mjs";
import { readTask } from "./task.mjs";

const { engine, task, rank, seconds } = readTask();
const device = engine === "webgpu" ? "webgpu" : "wasm";
const { tokens, width, heads, kvHeads, headDim, scale } = SHAPE;
const half = headDim / 2;
const make = (array, shape) => np.array(array, { shape, dtype: np.float32, device });
/** jax-js moves what it is given; `ref` keeps a copy of the handle. */
const copies = (tree) => Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, value.ref]));
const ready = async (array) => (await array.ref.blockUntilReady()).dispose();

async function blockTask() {
  const raw = blockData(rank);
  const x = make(raw.x, [tokens, width]);
  let trained = {};
  const frozen = { upstream: make(raw.upstream, [tokens, width]) };
  frozen.attention = make(raw["w.attention"], [width]);
  frozen.mlp = make(raw["w.mlp"], [width]);
  for (const [name, [outputs, inputs]] of Object.entries(PROJECTIONS)) {
    frozen[name] = make(turned(raw[`w.${name}`], outputs, inputs), [inputs, outputs]);
    trained[`a.${name}`] = make(turned(raw[`a.${name}`], rank, inputs), [inputs, rank]);
    trained[`b.${name}`] = make(turned(raw[`b.${name}`], outputs, rank), [rank, outputs]);
  }
  frozen.cos = make(angles(Math.cos), [1, tokens, half]);
  frozen.sin = make(angles(Math.sin), [1, tokens, half]);
  frozen.mask = make(causalMask(), [1, tokens, tokens]);

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
  const { rate, beta1, beta2, epsilon } = ADAM;
  const adam = jit((p, m, v, g, c) => {
    const next = { p: {}, m: {}, v: {} };
    for (const key of Object.keys(p)) {
      const first = m[key].mul(beta1).add(g[key].ref.mul(1 - beta1));
      const second = v[key].mul(beta2).add(np.square(g[key]).mul(1 - beta2));
      const root = np.sqrt(second.ref.mul(c.second.ref)).add(epsilon);
      next.p[key] = p[key].sub(first.ref.mul(c.first.ref).mul(np.reciprocal(root)));
      next.m[key] = first;
      next.v[key] = second;
    }
    return next;
  });
  const zeros = () => Object.fromEntries(Object.entries(trained).map(([key, value]) => [key, np.zeros(value.shape, { device })]));
  let moments = { m: zeros(), v: zeros() };
  const norms = {};
  const losses = [];
  let t = 0;
  const step = async () => {
    t++;
    const [value, { x: dx, ...gradients }] = both({ x: x.ref, ...copies(trained) }, copies(frozen));
    await ready(dx);
    if (norms.x === undefined) {
      norms.x = norm(await dx.ref.data());
      for (const [name, gradient] of Object.entries(gradients)) norms[name] = norm(await gradient.ref.data());
    }
    dx.dispose();
    const corrections = { first: make([rate / (1 - beta1 ** t)], [1]), second: make([1 / (1 - beta2 ** t)], [1]) };
    const next = adam(trained, moments.m, moments.v, gradients, corrections);
    for (const tree of Object.values(next)) for (const array of Object.values(tree)) await ready(array);
    trained = next.p;
    moments = next;
    losses.push((await value.data())[0]);
  };
  return { ...(await measure(step, seconds)), losses: losses.slice(0, 3), norms };
}

async function productTask() {
  const [rows, inner, columns] = PRODUCT;
  const x = make(values("x", rows * inner, 1), [rows, inner]);
  const w = make(turned(values("w", columns * inner, 1), columns, inner), [inner, columns]);
  const product = jit((a, b) => np.matmul(a, b));
  let last;
  const clock = await measure(async () => {
    last?.dispose();
    last = product(x.ref, w.ref);
    await ready(last);
  }, seconds);
  return { ...clock, norms: { out: norm(await last.data()) } };
}

window.result = await answer(async () => {
  await init(device);
  defaultDevice(device);
  return { ...(await (task === "block" ? blockTask() : productTask())), engine: `jax-js ${device}` };
});
