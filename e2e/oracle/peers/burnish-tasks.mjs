/** Our side of every comparison, on a target that the browser's worker or Node has opened. */
import { traceBlock } from "@/bench/block";
import { keep } from "@/bench/keep";
import { fromBlob } from "@/files/byte-source";
import { createGraph, external, storagesOf } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep } from "@/graph/step";
import { packAdapter, unpackAdapter } from "@/model/adapter";
import { architectureOf } from "@/model/families";
import { createGenerator } from "@/model/generate";
import { createRuntime } from "@/model/runtime";
import { locateTensors } from "@/model/weights";
import { multiply } from "@/ops/linear";
import { ropeTable } from "@/ops/rope";
import { ADAM, blockData, DECODE, dot, norm, PRODUCT, PROJECTIONS, SHAPE, values } from "./block-data.mjs";
import { measure } from "./measure.mjs";

/** `get` fetches a file of public/ as a Blob. */
export function runTask(target, { task, rank, seconds }, get) {
  if (task === "block") return block(target, rank, seconds);
  if (task === "product") return product(target, seconds);
  return decode(target, seconds, get);
}

function load(target, programs, data) {
  const buffers = new Map();
  for (const { name, bytes } of programs.flatMap((program) => storagesOf(program.calls, true))) {
    if (buffers.has(name)) continue;
    buffers.set(name, target.allocate(bytes, name));
    if (data[name]) target.write(buffers.get(name), data[name]);
  }
  return buffers;
}

const floats = async (target, buffer) => new Float32Array(await target.read(buffer));

async function block(target, rank, seconds) {
  const { tokens, scale } = SHAPE;
  const { arch, layout, step: program, optimizer } = traceBlock(tokens, rank);
  const raw = blockData(rank);
  const pairs = new Map(Object.keys(PROJECTIONS).map((key) => [`layers.0.${key}_proj`, { a: raw[`a.${key}`], b: raw[`b.${key}`] }]));
  const data = {
    ...{ x: raw.x, upstream: raw.upstream, adapter: packAdapter(layout, pairs) },
    positions: Uint32Array.from({ length: tokens }, (_, t) => t),
    span: Uint32Array.from({ length: 2 * tokens }, (_, i) => (i % 2 ? (i + 1) / 2 : 0)),
    "rope.global": ropeTable(tokens, arch.ropes.global),
    [arch.names.norm(0, "attention")]: raw["w.attention"],
    [arch.names.norm(0, "ffn")]: raw["w.mlp"],
  };
  for (const key of Object.keys(PROJECTIONS)) data[arch.names.projection(0, `${key}_proj`)] = raw[`w.${key}`];
  const buffers = load(target, [program, optimizer], data);
  const executables = [];
  for (const item of [program, optimizer]) executables.push(await target.compile(item, buffers));
  const { rate, beta1, beta2, epsilon } = ADAM;
  const losses = [];
  let t = 0;
  let gradients;
  // The output is read back and multiplied with its upstream gradient here, inside the clock: the peers' loss is a number, too.
  const step = async () => {
    t++;
    const corrections = { correction1: 1 - beta1 ** t, correction2: 1 - beta2 ** t };
    const settings = { adapter_scale: scale, learning_rate: rate, beta1, beta2, epsilon, ...corrections };
    target.write(buffers.get("step"), packStep({ ...NO_STEP, ...settings }));
    target.clear(buffers.get("adapter.grad"));
    await executables[0].run();
    gradients ??= { adapter: await floats(target, buffers.get("adapter.grad")), x: await floats(target, buffers.get("dx")) };
    await executables[1].run();
    losses.push(dot(await floats(target, buffers.get("out")), raw.upstream));
    await target.idle();
  };
  const clock = await measure(step, seconds);
  const norms = { x: norm(gradients.x) };
  for (const [key, { a, b }] of unpackAdapter(layout, gradients.adapter)) {
    const name = key.replace("layers.0.", "").replace("_proj", "");
    Object.assign(norms, { [`a.${name}`]: norm(a), [`b.${name}`]: norm(b) });
  }
  return { ...clock, losses: losses.slice(0, 3), norms };
}

async function product(target, seconds) {
  const [rows, inner, columns] = PRODUCT;
  const g = createGraph("product");
  keep(g, { out: multiply(g, external("x", [rows, inner]), external("w", [columns, inner])) });
  const program = compileGraph(g);
  const buffers = load(target, [program], { x: values("x", rows * inner, 1), w: values("w", columns * inner, 1) });
  const executable = await target.compile(program, buffers);
  const clock = await measure(async () => {
    await executable.run();
    await target.idle();
  }, seconds);
  return { ...clock, norms: { out: norm(await floats(target, buffers.get("out"))) } };
}

async function decode(target, seconds, get) {
  const arch = architectureOf(JSON.parse(await (await get("models/ember/config.json")).text()));
  const weights = await get("models/ember/model.safetensors");
  const runtime = await createRuntime(target, arch, "f32", await locateTensors(arch, [fromBlob(weights)]), () => {});
  const { prompt, tokens } = DECODE;
  const generator = createGenerator(runtime, undefined, { sequences: 1, length: prompt.length + tokens + 1 });
  const options = { maxTokens: tokens, temperature: 0, seed: 1, adapterScale: 0, stopIds: [] };
  let words;
  const clock = await measure(async () => {
    [words] = await generator.run([{ prompt, key: 0 }], options);
  }, seconds);
  return { ...clock, words };
}
