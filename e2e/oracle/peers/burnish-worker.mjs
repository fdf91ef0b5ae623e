/** Our side, in a worker as in the app: the block traced by src/cpu/block.bench.ts on the engine that the page names. */
import { createCpuTarget } from "@/cpu/cpu-target";
import { traceBlock } from "@/cpu/block.bench";
import { openDevice } from "@/gpu/device";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import { storagesOf } from "@/graph/graph";
import { NO_STEP, packStep } from "@/graph/step";
import { ropeTable } from "@/ops/rope";
import { blockData, measure, norm, PROJECTIONS, SHAPE } from "./block-data.mjs";

const engine = await new Promise((resolve) => {
  self.onmessage = ({ data }) => resolve(data);
});
const target = engine === "webgpu" ? createWebGpuTarget(await openDevice(navigator.gpu)) : await createCpuTarget();
const { tokens, headDim, scale } = SHAPE;
const index = Uint32Array.from({ length: tokens }, (_, t) => t);
const data = {
  ...blockData(),
  positions: index,
  span: Uint32Array.from({ length: 2 * tokens }, (_, i) => (i % 2 ? (i + 1) / 2 : 0)),
  table: ropeTable(tokens, Array.from({ length: headDim / 2 }, (_, i) => 10_000 ** ((-2 * i) / headDim))),
  step: packStep({ ...NO_STEP, adapter_scale: scale }),
};
const program = traceBlock();
const buffers = new Map();
for (const { name, bytes } of storagesOf(program.calls, true)) {
  const buffer = target.allocate(bytes, name);
  if (data[name]) target.write(buffer, data[name]);
  buffers.set(name, buffer);
}
const executable = await target.compile(program, buffers);
const gradients = [...buffers].filter(([name]) => /^d[ab]\./.test(name)).map(([, buffer]) => buffer);
const step = async () => {
  for (const buffer of gradients) target.clear(buffer);
  await executable.run();
  await target.idle();
};
await step();
const norms = {};
for (const name of ["x", ...Object.keys(PROJECTIONS).flatMap((key) => [`a.${key}`, `b.${key}`])]) {
  norms[name] = norm(new Float32Array(await target.read(buffers.get(`d${name}`))));
}
self.postMessage({ ...(await measure(step, engine === "webgpu" ? 5 : 40)), norms, engine: target.description });
