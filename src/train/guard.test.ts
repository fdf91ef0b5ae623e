import { expect, test } from "vitest";
import { createCpuTarget } from "@/cpu/cpu-target";
import { createGuard } from "@/train/guard";

const VOCAB = 16;

async function run(losses: readonly number[], kind: "lora" | "full" = "lora", checkpoint = 0) {
  const target = await createCpuTarget({ threads: 1 });
  const adapter = target.allocate(16, "adapter");
  const write = (value: number) => target.write(adapter, new Float32Array(4).fill(value));
  write(-1);
  const guard = createGuard(target, { kind }, adapter, { vocab: VOCAB });
  let message = "";
  for (const [i, loss] of losses.entries()) {
    write(i + 1);
    guard.keep(i + 1);
    if (i + 1 === checkpoint) guard.saw(checkpoint, new Float32Array(await target.read(adapter)));
    try {
      await guard.check(i + 1, loss, 1);
    } catch (error) {
      message = (error as Error).message;
      break;
    }
  }
  const kept = new Float32Array(await target.read(adapter))[0];
  target.release();
  return { message, kept };
}

test("a loss that is no number puts the last good adapter back", async () => {
  const losses = Array.from({ length: 25 }, (_, i) => (i === 22 ? Number.NaN : 2));
  const { message, kept } = await run(losses);
  expect(message).toMatch(/At step 23 the loss was no longer a number.*of step 20/);
  expect(kept).toBe(20);
});

test("without a good copy yet, the start is what is left", async () => {
  const { message, kept } = await run([2, Number.POSITIVE_INFINITY]);
  expect(message).toMatch(/The adapter is the one from the start again/);
  expect(kept).toBe(-1);
});

test("of weights that learn only what a checkpoint has read is put back", async () => {
  const losses = Array.from({ length: 25 }, (_, i) => (i === 22 ? Number.NaN : 2));
  expect(await run(losses, "full")).toMatchObject({ kept: -1 });
  const { message, kept } = await run(losses, "full", 13);
  expect(message).toMatch(/The weights are those of step 13 again/);
  expect(kept).toBe(13);
});

test("a loss far above guessing ends the run, a single jump does not", async () => {
  expect((await run([2, 2, 90, 2, 2, 2, 2])).message).toBe("");
  expect((await run([2, 2, 2, 30, 40, 50, 60])).message).toMatch(/stayed above 8\.3/);
});
