import { beforeAll, expect, test } from "vitest";
import { createGraph, external, temp } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import type { Target } from "@/graph/target";
import { add } from "@/ops/add";
import { targets } from "@/ops/check";
import { multiply } from "@/ops/linear";

let target: Target;
beforeAll(async () => {
  target = (await targets())[0] as Target;
});

test("a call's time is its own: a large product takes most of a list of small sums", async () => {
  const g = createGraph("timed");
  const big = multiply(g, external("x", [128, 512]), external("w", [512, 512]));
  const { y } = add(g, { a: big, b: temp(g, [128, 512]) }, null);
  const out = external("out", [128, 512]);
  add(g, { a: y, b: big }, null);
  const last = g.calls.at(-1);
  if (last) g.calls[g.calls.length - 1] = { ...last, writes: { y: out } };
  const program = compileGraph(g);
  const buffers = new Map(
    [
      ["x", 128 * 512 * 4],
      ["w", 512 * 512 * 4],
      ["out", 128 * 512 * 4],
    ].map(([name, bytes]) => [name as string, target.allocate(bytes as number, name as string)]),
  );
  const executable = await target.compile(program, buffers);
  // Several, because what else runs on the machine hits one call or another.
  const shares: number[] = [];
  for (let i = 0; i < 5; i++) {
    const times = await executable.profile();
    expect(times).toHaveLength(program.calls.length);
    shares.push((times[0] ?? 0) / times.reduce((a, b) => a + b, 0));
  }
  expect(Math.max(...shares)).toBeGreaterThan(0.6);
  for (const buffer of buffers.values()) target.free(buffer);
});
