import type { Recipe } from "@/train/recipe";

/** How each field of the recipe is named and explained on the page; ranges stay in the recipe itself. */
export interface NumberField {
  readonly kind: "number";
  readonly path: string;
  readonly label: string;
  readonly help: string;
  readonly step: number | "any";
}
export interface ChoiceField {
  readonly kind: "choice";
  readonly path: string;
  readonly label: string;
  readonly help: string;
  readonly options: readonly (readonly [value: string, words: string])[];
}
export interface SwitchField {
  readonly kind: "switch";
  readonly path: string;
  readonly label: string;
  readonly help: string;
}
/** Several words with commas between. */
export interface ListField {
  readonly kind: "list";
  readonly path: string;
  readonly label: string;
  readonly help: string;
  readonly placeholder: string;
}
/** Modules and a number for each. */
export interface PatternField {
  readonly kind: "pattern";
  readonly path: string;
  readonly label: string;
  readonly help: string;
  readonly placeholder: string;
}
export type Field = NumberField | ChoiceField | SwitchField | ListField | PatternField;

const number = (path: string, label: string, help: string, step: number | "any" = 1): NumberField => ({
  kind: "number",
  path,
  label,
  help,
  step,
});

export const MAIN_FIELDS: readonly Field[] = [
  {
    kind: "choice",
    path: "method",
    label: "Method",
    help: "What a row teaches: an answer, which of two answers is better, or a question with a reward.",
    options: [
      ["sft", "By example (SFT)"],
      ["dpo", "By preference (DPO)"],
      ["grpo", "By reward (GRPO)"],
    ],
  },
  {
    kind: "choice",
    path: "trains",
    label: "What learns",
    help: "An adapter is small and leaves the model as it is. Everything takes about five times the model in memory.",
    options: [
      ["lora", "An adapter (LoRA)"],
      ["full", "Everything"],
    ],
  },
  number("schedule.steps", "Steps", "How many corrections are made."),
  number("optimizer.learningRate", "Learning rate", "Size of each correction. Too high and the loss jumps.", "any"),
  number("batch.size", "Batch size", "Examples read before each correction."),
  number("lora.rank", "Rank", "Room for what is learned. More rank, larger adapter."),
  number("lora.alpha", "Alpha", "Strength of the adapter: alpha ÷ rank scales it.", "any"),
  number("data.maxLength", "Longest example", "In tokens; the rest of a longer one is cut off."),
];

export const MORE_FIELDS: readonly Field[] = [
  {
    kind: "choice",
    path: "start",
    label: "Begins with",
    help: "A new adapter, or the model as it was opened; or what is trained or loaded now, which this run goes on from.",
    options: [
      ["new", "Nothing learned"],
      ["adapter", "What is there now"],
      ["scratch", "Random weights"],
    ],
  },
  {
    kind: "choice",
    path: "sft.lossType",
    label: "Loss",
    help: "DFT weighs each token by its own probability, so that surprises count less.",
    options: [
      ["nll", "Likelihood"],
      ["dft", "DFT"],
    ],
  },
  {
    kind: "choice",
    path: "dpo.lossType",
    label: "Loss",
    help: "How a pair's margin becomes a loss.",
    options: [
      ["sigmoid", "Sigmoid"],
      ["robust", "Robust: labels may be wrong"],
      ["hinge", "Hinge"],
      ["ipo", "IPO"],
      ["apo_zero", "APO, up and down"],
      ["apo_down", "APO, down"],
    ],
  },
  number("dpo.beta", "Beta", "How closely it stays to its start. Larger is closer.", "any"),
  number("dpo.labelSmoothing", "Label smoothing", "Of the robust loss: share of labels that are wrong.", "any"),
  {
    kind: "choice",
    path: "grpo.lossType",
    label: "Loss",
    help: "How tokens of answers of different length are averaged.",
    options: [
      ["dapo", "DAPO: all tokens alike"],
      ["grpo", "GRPO: all answers alike"],
      ["dr_grpo", "Dr. GRPO: by the longest"],
    ],
  },
  number("grpo.numGenerations", "Answers a prompt", "Tried and compared with each other."),
  number("grpo.maxCompletionLength", "Longest try", "Tokens of each answer that is rewarded."),
  number("grpo.temperature", "Temperature", "Of the tries. Without variety there is nothing to compare.", "any"),
  number("grpo.beta", "KL weight", "Holds it near its start. 0 is off.", "any"),
  number("grpo.numIterations", "Steps a sampling", "Corrections made from the same answers."),
  {
    kind: "choice",
    path: "schedule.kind",
    label: "Schedule",
    help: "How the learning rate falls over the run.",
    options: [
      ["linear", "Linear, down to zero"],
      ["cosine", "Cosine, down to the minimum"],
      ["constant", "Constant"],
      ["warmup_stable_decay", "Constant, then a cosine at the end"],
    ],
  },
  number("schedule.warmup", "Warm-up steps", "The learning rate climbs over these first."),
  number("schedule.minimum", "Lowest rate", "Share of the learning rate at which a cosine ends.", "any"),
  number("schedule.decay", "Length of the fall", "Of constant, then a cosine. 0 is a fifth of all steps."),
  number("batch.accumulate", "Accumulate", "Batches added up before each correction."),
  {
    kind: "choice",
    path: "data.loss",
    label: "Tokens that teach",
    help: "Which part of each example the model learns to write.",
    options: [
      ["auto", "By the kind of data"],
      ["completion", "Completion only"],
      ["assistant", "Assistant's turns"],
      ["all", "Everything"],
    ],
  },
  number("data.holdout", "Held-out share", "Split off for measuring when there is no eval file.", "any"),
  {
    kind: "choice",
    path: "optimizer.kind",
    label: "Optimizer",
    help: "8 bits keep a quarter as much, SGD half, and wants a far higher learning rate. Muon, where everything learns, turns whole matrices.",
    options: [
      ["adamw", "AdamW"],
      ["adamw8", "AdamW in 8 bits"],
      ["sgd", "SGD with momentum"],
      ["muon", "Muon"],
    ],
  },
  number("optimizer.weightDecay", "Weight decay", "Pulls weights towards zero. 0 is off.", "any"),
  number("optimizer.maxGradNorm", "Gradient limit", "Longer gradients are shortened to this. 0 is off.", "any"),
  {
    kind: "list",
    path: "full.freeze",
    label: "Stay as they are",
    help: "Names of weights that do not learn; * stands for anything. Empty: all learn.",
    placeholder: "*embed_tokens*, *norm*",
  },
  number("lora.dropout", "Dropout", "Share of the adapter's inputs that falls while it learns. 0 is off.", "any"),
  {
    kind: "switch",
    path: "lora.useRslora",
    label: "rsLoRA",
    help: "Scales by alpha ÷ √rank, so that high ranks count.",
  },
  {
    kind: "switch",
    path: "lora.useDora",
    label: "DoRA",
    help: "Learns how long each row is apart from where it points. Goes without dropout.",
  },
  {
    kind: "choice",
    path: "lora.init",
    label: "Start of A",
    help: "How the adapter's first half is drawn; the second starts at zero.",
    options: [
      ["kaiming", "Kaiming, as PEFT"],
      ["gaussian", "Gaussian"],
    ],
  },
  {
    kind: "pattern",
    path: "lora.rankPattern",
    label: "Rank by module",
    help: "Other ranks for some: the end of a module’s path, and its rank. Empty: the same everywhere.",
    placeholder: "down_proj=4, layers.0.self_attn.q_proj=16",
  },
  {
    kind: "pattern",
    path: "lora.alphaPattern",
    label: "Alpha by module",
    help: "Other alphas for some, written in the same way.",
    placeholder: "down_proj=8",
  },
  number("lora.plusRatio", "LoRA+ ratio", "The second half learns so many times as fast. 1 is off.", "any"),
  number("evaluate.every", "Measure every", "Steps between held-out losses. 0 is start and end only."),
  number("evaluate.cases", "Compared cases", "Most held-out cases answered when comparing."),
  number("evaluate.maxTokens", "Longest answer", "Tokens of each answer when comparing."),
  number("keep.every", "Checkpoint every", "Steps. 0 is at each measurement, and every half minute."),
  number("keep.patience", "Patience", "Ends after so many measurements without a better one. 0 never."),
  {
    kind: "choice",
    path: "keep.by",
    label: "Better means",
    help: "For that, and for the best checkpoint that is kept.",
    options: [
      ["loss", "A lower held-out loss"],
      ["passRate", "More held-out answers right"],
    ],
  },
  number("seed", "Seed", "The same seed and recipe give the same run."),
];

/** A choice that goes only with full training is shown there alone, or where it is chosen. */
export function choicesFor(
  { path, options }: ChoiceField,
  { trains, optimizer }: Pick<Recipe, "trains" | "optimizer">,
): ChoiceField["options"] {
  const goes = (value: string) => value !== "muon" || trains === "full" || optimizer.kind === "muon";
  return path === "optimizer.kind" ? options.filter(([value]) => goes(value)) : options;
}

/** What has no meaning for the method, or for what learns, is not shown. */
export function isFor({ path }: Field, { method, trains }: Pick<Recipe, "method" | "trains">): boolean {
  const [section = ""] = path.split(".");
  if (section === "lora" || section === "full") return section === trains;
  if (section === "sft" || section === "dpo" || section === "grpo") return section === method;
  return path !== "data.loss" || method === "sft";
}
