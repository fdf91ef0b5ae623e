/**
 * The one parity test above all others: on tiny random Llamas, logits, every LoRA gradient and twenty losses of training
 * equal those of PyTorch and PEFT (e2e/fixtures/README.md says how they were made), on every target of this machine.
 */
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { initialAdapter, packAdapter, unpackAdapter } from "@/model/adapter";
import { compare, targets } from "@/ops/check";
import { itemFeed } from "@/train/feed";
import { openGolden, peftName, readGolden, testGradients, testGreedy, testLogits } from "@/train/goldens";
import { parseRecipe } from "@/train/recipe";
import { sft } from "@/train/sft";
import { train } from "@/train/trainer";

const ints = z.array(z.int());
const Run = z.looseObject({
  order: z.array(z.array(ints)),
  loss: z.array(z.number()),
  gradNorm: z.array(z.number()),
  lr: z.array(z.number()),
});
const Trained = z.looseObject({
  training: z.looseObject({
    rows: z.array(z.looseObject({ ids: ints, labels: ints })),
    optimizer: z.looseObject({}),
    schedule: z.looseObject({}),
    runs: z.looseObject({ plain: Run, accumulated: Run }),
  }),
});

describe.each(["llama-gqa", "llama-untied", "llama-wide-head"])("%s equals PyTorch", async (name) => {
  describe.each((await targets()).map((target) => [target.name, target] as const))("on %s", async (_, target) => {
    const model = await openGolden(name, target);
    const { runtime, layout, adapter, stored, expected } = model;
    const { training } = z.parse(Trained, readGolden(name));

    testLogits(model);
    testGradients(model);
    testGreedy(model);

    test.each(["plain", "accumulated"] as const)("twenty losses of %s training", async (kind) => {
      const { rows, optimizer, schedule, runs } = training;
      const { order, loss, gradNorm, lr } = runs[kind];
      const start = initialAdapter(layout, 0).fill(0);
      start.set(
        packAdapter(layout, new Map([...stored].map(([key, { a, b }]) => [key, { a, b: new Float32Array(b.length) }]))),
      );
      target.write(adapter, start);
      const recipe = parseRecipe({
        lora: { rank: layout.rank, alpha: layout.alpha },
        optimizer,
        schedule,
        batch: { size: order[0]?.[0]?.length, accumulate: order[0]?.length },
      });
      const flat = order.flat().values();
      const objective = sft(recipe.sft);
      const items = rows.map((row) => [row]);
      const feed = itemFeed({ train: items, held: [], recipe, measure: objective, order: flat });
      const got: { loss: number; gradNorm: number; lr: number }[] = [];
      for await (const event of train({
        runtime,
        layout,
        adapter,
        recipe,
        objective,
        feed,
      })) {
        if (event.type === "step") got.push(event);
      }
      const worst = (values: number[], wanted: number[]) =>
        Math.max(
          ...wanted.map((value, i) => Math.abs((values[i] ?? Number.NaN) - value) / Math.max(Math.abs(value), 1e-9)),
        );
      expect(got.length).toBe(20);
      expect(
        worst(
          got.map((step) => step.lr),
          lr,
        ),
      ).toBeLessThan(1e-6);
      expect(
        worst(
          got.map((step) => step.loss),
          loss,
        ),
      ).toBeLessThan(1e-4);
      expect(
        worst(
          got.map((step) => step.gradNorm),
          gradNorm,
        ),
      ).toBeLessThan(1e-3);
      const final = unpackAdapter(layout, new Float32Array(await target.read(adapter)));
      for (const [key, { a, b }] of final) {
        compare(a, await expected(`${kind}.${peftName(key, "A")}`), 2e-3, `A of ${key}`);
        compare(b, await expected(`${kind}.${peftName(key, "B")}`), 2e-3, `B of ${key}`);
      }
      target.write(adapter, packAdapter(layout, stored));
    });
  });
});
