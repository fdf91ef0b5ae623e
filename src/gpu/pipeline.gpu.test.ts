/** Pipelines are asked for all at once, before anything waits, and those that were made beforehand are not made again. */
import { expect, test } from "vitest";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import { createGraph, external, storagesOf } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { add } from "@/ops/add";
import { gpuDevice } from "@/ops/check-device";
import { swiglu } from "@/ops/swiglu";

function countPipelines() {
  const { prototype } = GPUDevice;
  const { createComputePipelineAsync } = prototype;
  const counted = { asked: 0, stop: () => Object.assign(prototype, { createComputePipelineAsync }) };
  prototype.createComputePipelineAsync = function (...given) {
    counted.asked++;
    return createComputePipelineAsync.apply(this, given);
  };
  return counted;
}

function program(rows: number) {
  const g = createGraph("few");
  const [a, b] = [external("a", [rows, 64]), external("b", [rows, 64])];
  const { y } = add(g, { a, b }, null);
  const { y: z } = swiglu(g, { gate: y, up: a }, { activation: "silu" });
  add(g, { a: z, b: y }, null);
  const last = g.calls.at(-1);
  if (last) g.calls[g.calls.length - 1] = { ...last, writes: { y: external("out", [rows, 64]) } };
  return compileGraph(g);
}

test("two kernels of three calls, asked for in one turn; a program that was prepared asks for none", async () => {
  const opened = await gpuDevice();
  const counted = countPipelines();
  const target = createWebGpuTarget(opened);
  const small = program(8);
  const buffers = new Map(storagesOf(small.calls, true).map(({ name, bytes }) => [name, target.allocate(bytes, name)]));
  const before = target.liveBytes();
  const preparing = target.prepare?.(small);
  expect(counted.asked).toBe(2);
  await preparing;
  expect(target.liveBytes()).toBe(before);
  const executable = await target.compile(small, buffers);
  expect(counted.asked).toBe(2);
  counted.stop();
  target.discard(executable);
  for (const buffer of buffers.values()) target.free(buffer);
});
