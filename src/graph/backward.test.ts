import { expect, test } from "vitest";
import { addGradient, backward, type Gradients, takeGradient } from "@/graph/backward";
import { call, createGraph, external, type Graph, scope, temp } from "@/graph/graph";
import { op } from "@/graph/op";
import { compileGraph } from "@/graph/plan";
import type { Tensor } from "@/graph/target";

/** A stand-in for any op: y from x, and dx from x and dy. */
const twist = op<"x", "y", null>("twist", {
  forward(g, { x }) {
    const y = temp(g, x.shape);
    call(g, "twist.forward", { reads: { x }, writes: { y } }, {}, 1);
    return { y };
  },
  backward(g, { x, dy }) {
    const dx = temp(g, x.shape);
    call(g, "twist.backward", { reads: { x, dy }, writes: { dx } }, {}, 1);
    return { x: dx };
  },
});

const join = op<"a" | "b", "y", null>("join", {
  forward(g, { a, b }) {
    const y = temp(g, a.shape);
    call(g, "join.forward", { reads: { a, b }, writes: { y } }, {}, 1);
    return { y };
  },
  backward: (_, { dy }) => ({ a: dy, b: dy }),
});

const trained = (name: string): Tensor => ({ ...external(name, [8]), needsGrad: true });
const gradientOf = (g: Graph, y: Tensor, x: Tensor) => {
  const gradients: Gradients = new Map();
  addGradient(g, gradients, y, external("dy", y.shape));
  backward(g, g.tape, gradients);
  return takeGradient(gradients, x);
};
const kernels = (g: Graph) => g.calls.map(({ kernel }) => kernel);

test("a tensor used twice gets the sum of both gradients", () => {
  const g = createGraph("twice");
  const x = trained("x");
  const { y } = join(g, { a: twist(g, { x }, null).y, b: twist(g, { x }, null).y }, null);
  const dx = gradientOf(g, y, x);
  expect(kernels(g).slice(3)).toEqual(["twist.backward", "twist.backward", "add.forward"]);
  const [first, second, sum] = g.calls.slice(3);
  expect(sum?.reads.a?.storage).toBe(first?.writes.dx?.storage);
  expect(sum?.reads.b?.storage).toBe(second?.writes.dx?.storage);
  expect(dx?.storage).toBe(sum?.writes.y?.storage);
});

test("two slices of one storage are two values", () => {
  const g = createGraph("slices");
  const x = trained("x");
  const behind = { ...x, offset: 256 };
  const { y } = join(g, { a: twist(g, { x }, null).y, b: twist(g, { x: behind }, null).y }, null);
  gradientOf(g, y, x);
  expect(kernels(g)).not.toContain("add.forward");
});

test("what needs no gradient leaves nothing on the tape and gets none", () => {
  const g = createGraph("frozen");
  const { y } = twist(g, { x: external("x", [8]) }, null);
  expect(g.tape).toEqual([]);
  expect(y.needsGrad).toBe(false);
  const x = trained("learns");
  const joined = join(g, { a: y, b: x }, null).y;
  expect(gradientOf(g, joined, y)).toBeUndefined();
});

test("an output that the loss does not read costs no backward", () => {
  const g = createGraph("unused");
  const x = trained("x");
  twist(g, { x }, null);
  const { y } = twist(g, { x }, null);
  gradientOf(g, y, x);
  expect(kernels(g)).toEqual(["twist.forward", "twist.forward", "twist.backward"]);
  const out = { ...y, storage: external("out", y.shape).storage };
  call(g, "copy.forward", { reads: { y }, writes: { out } }, {}, 1);
  // Of all that was traced, the result needs one call and its copy; nobody reads dx.
  expect(compileGraph(g).calls.map(({ kernel }) => kernel)).toEqual(["twist.forward", "copy.forward"]);
});

test("labels say where in the model a call of the backward belongs", () => {
  const g = createGraph("labels");
  const x = trained("x");
  const { y } = scope(g, "layers.3", () => twist(g, { x }, null));
  gradientOf(g, y, x);
  expect(g.calls.map(({ label }) => label)).toEqual([
    "layers.3.twist.twist.forward",
    "backward.layers.3.twist.twist.backward",
  ]);
});
