import { describe, expect, test } from "vitest";
import { trainingScript } from "@/export/script";
import { parseRecipe, type RecipeInput } from "@/train/recipe";

const script = (recipe: RecipeInput) => trainingScript(parseRecipe(recipe), { name: "org/base" });

describe("train.py", () => {
  test("of SFT keeps which tokens teach, and how", () => {
    const text = script({ data: { loss: "assistant", maxLength: 77 }, sft: { lossType: "dft" }, batch: { size: 3 } });
    expect(text).toContain("from trl import SFTConfig, SFTTrainer\n");
    expect(text).toContain('    assistant_only_loss=True,\n    loss_type="dft",\n');
    expect(text).toContain("    per_device_train_batch_size=3,\n    max_length=77,\n");
  });

  test("of DPO keeps the loss and the reference", () => {
    const dpo = { lossType: "robust", beta: 0.3, labelSmoothing: 0.1, precomputeReference: true } as const;
    const text = script({ method: "dpo", dpo, optimizer: { learningRate: 1e-5 }, schedule: { steps: 9 } });
    expect(text).toContain("from trl import DPOConfig, DPOTrainer\n");
    expect(text).toContain(
      '    loss_type=["robust"],\n    beta=0.3,\n    label_smoothing=0.1,\n    precompute_ref_log_probs=True,\n',
    );
    expect(text).toContain("    max_steps=9,\n");
    expect(text).toContain("learning_rate=0.00001,");
    expect(text).not.toMatch(/undefined|\bnull\b|\btrue\b|\bfalse\b/);
  });

  test("of GRPO carries a reward in Python, and refuses one in JavaScript by a sentence", () => {
    const code =
      'import re\ndef reward(completions, **kwargs):\n    return [float("\\t" in one) for one in completions]';
    const carried = script({ method: "grpo", grpo: { rewards: [{ name: "python", code }, { name: "short" }] } });
    expect(carried).toContain('        "def reward(completions, **kwargs):",\n');
    expect(carried).toContain("reward_funcs=[python_1, short], args=config");
    const refused = script({ method: "grpo", grpo: { rewards: [{ name: "javascript", code: "1" }] } });
    expect(refused).toMatch(/^raise SystemExit\($/m);
    expect(refused).not.toContain("completion.length");
  });

  test("of GRPO counts answers where the recipe counts prompts, and has its rewards in order", () => {
    const rewards = [
      { name: "regex", weight: 2, pattern: '^"(?<first>\\d)' },
      { name: "short", weight: -0.5 },
      { name: "numeric" },
      { name: "regex", pattern: "b$" },
    ] as const;
    const grpo = { numGenerations: 4, maxCompletionLength: 12, rewards: [...rewards], epsilonHigh: 0.28, beta: 0.04 };
    const text = script({ method: "grpo", grpo, batch: { size: 3, accumulate: 2 }, data: { maxLength: 50 } });
    expect(text).toContain("    per_device_train_batch_size=12,\n");
    expect(text).toContain("    num_generations=4,\n    max_completion_length=12,\n");
    expect(text).toContain("    epsilon=0.2,\n    epsilon_high=0.28,\n");
    expect(text).toContain("    reward_weights=[2, -0.5, 1, 1],\n");
    expect(text).toContain("reward_funcs=[regex_1, short, numeric, regex_4], args=config");
    expect(text).toContain('re.search("^\\"(?P<first>\\\\d)"');
    expect(text).toContain("2 - 2 * len(ids) / 12");
    expect(text).toContain("return 0 < len(ids) < 50\n");
    expect(text.match(/^import .+$/gm)).toEqual([
      "import argparse",
      "import json",
      "import math",
      "import re",
      "import torch",
    ]);
    expect(text).not.toMatch(/undefined|\bnull\b|\btrue\b|\bfalse\b/);
  });

  test("says only what it needs", () => {
    const text = script({ method: "grpo", grpo: { rewards: [{ name: "exact" }] } });
    expect(text).toContain("epsilon_high=None,");
    expect(text).not.toMatch(/^import (re|math)$|def (numeric|entries|short)/m);
  });
});
