/** What the methods' scripts differ in: TRL's trainer, its settings, and what GRPO's rows and rewards need besides. */
import { pythonRewards } from "@/export/script-rewards";
import type { Recipe } from "@/train/recipe";

export interface ScriptMethod {
  /** TRL's classes. */
  readonly config: string;
  readonly trainer: string;
  /** Modules of Python's own. */
  readonly imports: readonly string[];
  /** Names that transformers gives. */
  readonly transformers: readonly string[];
  /** Definitions, after the arguments are known. */
  readonly definitions: string;
  /** Statements on `found`, the rows of a file. */
  readonly shape: string;
  /** Settings of the config, each with its comma. */
  readonly settings: readonly string[];
  /** Arguments of the trainer after the model. */
  readonly trains: string;
}

export function scriptMethod(recipe: Recipe): ScriptMethod {
  const { data, batch } = recipe;
  const plain = {
    ...{ imports: [], transformers: [], definitions: "", shape: "", trains: "" },
    settings: [`per_device_train_batch_size=${batch.size},`, `max_length=${data.maxLength},`],
  };
  switch (recipe.method) {
    case "sft": {
      const settings = [...plain.settings, LOSSES[data.loss], `loss_type="${recipe.sft.lossType}",`];
      return { ...plain, config: "SFTConfig", trainer: "SFTTrainer", settings };
    }
    case "dpo":
      return {
        ...plain,
        ...{ config: "DPOConfig", trainer: "DPOTrainer" },
        settings: [...plain.settings, ...dpoSettings(recipe.dpo)],
      };
    case "grpo":
      return grpoMethod(recipe);
  }
}

const LOSSES: Readonly<Record<Recipe["data"]["loss"], string>> = {
  auto: "completion_only_loss=None,",
  completion: "completion_only_loss=True,",
  assistant: "assistant_only_loss=True,",
  all: "completion_only_loss=False,",
};

const bool = (value: boolean) => (value ? "True" : "False");

const dpoSettings = ({ lossType, beta, labelSmoothing, precomputeReference }: Recipe["dpo"]) => [
  `loss_type=["${lossType}"],`,
  `beta=${beta},`,
  `label_smoothing=${labelSmoothing},`,
  `precompute_ref_log_probs=${bool(precomputeReference)},`,
  // TRL would switch LoRA's own dropout off, too.
  "disable_dropout=False,",
];

/**
 * TRL counts answers where the recipe counts prompts. A prompt of `maxLength` tokens or more is left out, and an empty
 * one, from which TRL cannot start.
 */
function grpoMethod({ grpo, data, batch }: Recipe): ScriptMethod {
  const { source, names } = pythonRewards(grpo);
  const answers = batch.size * grpo.numGenerations;
  const definitions = `tokenizer = AutoTokenizer.from_pretrained(args.model)
ANSWERS = ["answer", "solution", "expected", "ground_truth", "target", "completion"]


def asked(row):
    found = next((row[name] for name in ANSWERS if row.get(name) is not None), "")
    answer = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return {"prompt": row["prompt"], "answer": answer}


def fits(row):
    prompt = row["prompt"]
    if isinstance(prompt, str):
        ids = tokenizer(prompt)["input_ids"]
    else:
        ids = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_dict=True)["input_ids"]
    return 0 < len(ids) < ${data.maxLength}


${source}

`;
  return {
    ...{ config: "GRPOConfig", trainer: "GRPOTrainer", definitions, transformers: ["AutoTokenizer"] },
    imports: ["json", "math", "re"].filter((name) => definitions.includes(`${name}.`)),
    shape: "    found = found.map(asked, remove_columns=found.column_names).filter(fits)\n",
    settings: [
      `per_device_train_batch_size=${answers},`,
      `per_device_eval_batch_size=${answers},`,
      `num_generations=${grpo.numGenerations},`,
      `max_completion_length=${grpo.maxCompletionLength},`,
      `temperature=${grpo.temperature},`,
      `loss_type="${grpo.lossType}",`,
      `beta=${grpo.beta},`,
      `use_bias_correction_kl=${bool(grpo.biasCorrectedKl)},`,
      `epsilon=${grpo.epsilon},`,
      `epsilon_high=${grpo.epsilonHigh > 0 ? grpo.epsilonHigh : "None"},`,
      `scale_rewards="${grpo.scaleRewards}",`,
      `num_iterations=${grpo.numIterations},`,
      `reward_weights=[${grpo.rewards.map(({ weight }) => weight).join(", ")}],`,
    ],
    trains: `reward_funcs=[${names.join(", ")}], `,
  };
}
