import { expect, it } from "vitest";
import { parseGrid } from "@/cli/commands/sweep";

it("reads a grid by short and by whole names", () => {
  expect(parseGrid("lr=1e-4,1e-3;lora.rank=4,8;schedule=linear,cosine")).toEqual({
    "optimizer.learningRate": [1e-4, 1e-3],
    "lora.rank": [4, 8],
    "schedule.kind": ["linear", "cosine"],
  });
  expect(() => parseGrid("lr")).toThrow("no list of values");
});
