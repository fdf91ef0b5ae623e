/**
 * The same run in Python, for those who want it on other hardware: TRL's trainer, with PEFT's LoRA or on the weights
 * themselves, and every setting of the recipe. Batches are drawn in another order and rows split by another dice, so the numbers come close and are not the
 * same.
 */
import { hubId } from "@/export/base";
import { scriptMethod } from "@/export/script-methods";
import type { Recipe } from "@/train/recipe";
import { decaySteps } from "@/train/schedule";

/** `base` as adapter_config.json names it. */
export function trainingScript(recipe: Recipe, base: { name: string; revision?: string | undefined }): string {
  const { data, optimizer, schedule, batch } = recipe;
  const full = recipe.trains === "full";
  const scratch = full && recipe.start === "scratch";
  const out = full ? "model" : "adapter";
  const method = scriptMethod(recipe);
  const renames = Object.entries(data.columns).map(([to, from]) => `${py(from)}: ${py(to)}`);
  return `# The run of recipe.json with TRL${full ? "" : " and PEFT"}.
#
#     pip install trl${full ? "" : " peft"}
#     python train.py --data train.jsonl [--eval held-out.jsonl] [--model ${base.name.replace(/\s+/g, " ")}] [--out ${out}]
import argparse
${full ? "import fnmatch\n" : ""}${method.imports.map((name) => `import ${name}\n`).join("")}
import torch
from datasets import load_dataset
${full ? "" : peftImports(recipe)}from transformers import ${[...(scratch ? ["AutoConfig"] : []), "AutoModelForCausalLM", ...method.transformers].join(", ")}
from trl import ${method.config}, ${method.trainer}

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
parser.add_argument("--eval")
parser.add_argument("--model", default=${py(base.name)})
parser.add_argument("--out", default="${out}")
args = parser.parse_args()

${method.definitions}RENAMES = {${renames.join(", ")}}


def rows(path):
    kind = {"csv": "csv", "tsv": "csv", "parquet": "parquet"}.get(path.rsplit(".", 1)[-1], "json")
    found = load_dataset(kind, data_files=path, split="train")
    if RENAMES:
        found = found.select_columns(list(RENAMES)).rename_columns(
            {old: new for old, new in RENAMES.items() if old != new}
        )
${method.shape}    return found


train = rows(args.data)
held = rows(args.eval) if args.eval else None
${splitLines(data.holdout, recipe.seed)}
${
  scratch
    ? randomModel(recipe, base)
    : `model = AutoModelForCausalLM.from_pretrained(args.model${revision(base)}, dtype=torch.float32)
`
}${full ? chosenWeights(recipe) : ""}config = ${method.config}(
    output_dir=args.out,
    max_steps=${schedule.steps},
    gradient_accumulation_steps=${batch.accumulate},
    learning_rate=${optimizer.learningRate},
    ${scheduler(schedule)}
    warmup_steps=${schedule.warmup},
    ${sgdLine(recipe)}adam_beta1=${optimizer.beta1},
    adam_beta2=${optimizer.beta2},
    adam_epsilon=${optimizer.epsilon},
    weight_decay=${optimizer.weightDecay},
    max_grad_norm=${optimizer.maxGradNorm},
    ${method.settings.join("\n    ")}
    seed=${recipe.seed},
    bf16=torch.cuda.is_available(),
    logging_steps=1,
    eval_strategy="steps" if held is not None else "no",
    eval_steps=${recipe.evaluate.every || schedule.steps},
    save_strategy="no",
    report_to="none",
)
${full ? "" : peftConfig(recipe)}trainer = ${method.trainer}(
    model, ${method.trains}args=config, train_dataset=train, eval_dataset=held${full ? "" : ", peft_config=peft_config"}
)
${full ? "" : loraPlus(recipe)}trainer.train()
trainer.save_model(args.out)
`;
}

function peftImports({ lora }: Recipe): string {
  const plus = lora.plusRatio === 1 ? "" : "from peft.optimizers import create_loraplus_optimizer\n";
  return `from peft import LoraConfig\n${plus}`;
}

const peftConfig = ({ lora }: Recipe) => `peft_config = LoraConfig(
    r=${lora.rank},
    lora_alpha=${lora.alpha},
    lora_dropout=${lora.dropout},
    target_modules=[${lora.targets.map(py).join(", ")}],
    use_rslora=${lora.useRslora ? "True" : "False"},
    rank_pattern=${JSON.stringify(lora.rankPattern)},
    alpha_pattern=${JSON.stringify(lora.alphaPattern)},
    init_lora_weights=${lora.init === "gaussian" ? '"gaussian"' : "True"},
    task_type="CAUSAL_LM",
)
`;

const randomModel = ({ seed, full }: Recipe, base: { name: string; revision?: string | undefined }) =>
  `torch.manual_seed(${seed})
config = AutoConfig.from_pretrained(args.model${revision(base)})
config.initializer_range = ${full.initStd}
model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
`;

function chosenWeights({ full: { train, freeze } }: Recipe): string {
  if (train.length + freeze.length === 0) return "";
  const list = (patterns: readonly string[]) => `[${patterns.map(py).join(", ")}]`;
  return `ONLY, FREEZE = ${list(train)}, ${list(freeze)}
for name, weight in model.named_parameters():
    only = [pattern for pattern in ONLY if fnmatch.fnmatchcase(name, pattern)]
    freeze = [pattern for pattern in FREEZE if fnmatch.fnmatchcase(name, pattern)]
    weight.requires_grad_((not ONLY or bool(only)) and not freeze)
`;
}

/** transformers' name of the schedule and what that wants to know. */
function scheduler(schedule: Recipe["schedule"]): string {
  const { kind, minimum } = schedule;
  const as = (name: string, settings = "") =>
    `lr_scheduler_type=${py(name)},${settings && `\n    lr_scheduler_kwargs={${settings}},`}`;
  if (kind === "warmup_stable_decay") {
    return as(kind, `"num_decay_steps": ${decaySteps(schedule)}, "min_lr_ratio": ${minimum}`);
  }
  if (kind === "cosine" && minimum > 0) return as("cosine_with_min_lr", `"min_lr_rate": ${minimum}`);
  return as(kind === "constant" ? "constant_with_warmup" : kind);
}

function sgdLine({ optimizer: { kind, momentum } }: Recipe): string {
  return kind === "sgd" ? `optim="sgd",\n    optim_args="momentum=${momentum}",\n    ` : "";
}

function loraPlus({ lora, optimizer }: Recipe): string {
  if (lora.plusRatio === 1) return "";
  const { learningRate, beta1, beta2, epsilon, weightDecay } = optimizer;
  return `trainer.optimizer = create_loraplus_optimizer(
    trainer.model,
    torch.optim.AdamW,
    lr=${learningRate},
    loraplus_lr_ratio=${lora.plusRatio},
    loraplus_weight_decay=${weightDecay},
    weight_decay=${weightDecay},
    betas=(${beta1}, ${beta2}),
    eps=${epsilon},
)
`;
}

/** A JSON string is a Python string. */
const py = (text: string) => JSON.stringify(text);

const revision = (base: { name: string; revision?: string | undefined }) =>
  base.revision && hubId(base.name) ? `, revision=${py(base.revision)}` : "";

function splitLines(holdout: number, seed: number): string {
  if (holdout === 0) return "";
  return `if held is None:
    parts = train.train_test_split(test_size=${holdout}, seed=${seed})
    train, held = parts["train"], parts["test"]
`;
}
