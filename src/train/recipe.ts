/**
 * One run = one recipe. The page's form, the share link, the CLI's flags and the saved run are views of this object;
 * defaults live here and nowhere else. It holds no secrets and no file contents.
 */
import { en } from "zod/locales";
import * as z from "zod/mini";
import { AppError } from "@/errors";

z.config(en());

export const PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;
export type Projection = (typeof PROJECTIONS)[number];

/** Reward functions by name; src/eval/rewards.ts has them. */
export const REWARD_NAMES = [
  ...(["exact", "contains", "numeric", "json", "regex", "short"] as const),
  ...(["python", "javascript"] as const),
] as const;
export type RewardName = (typeof REWARD_NAMES)[number];

const positive = z.number().check(z.positive());
const count = z.int().check(z.positive());
const modulePath = z.string().check(z.regex(/^[\w.]{1,200}$/, "is no path of a module"));
const patterns = z.array(z.string().check(z.regex(/^[\w.*?-]{1,200}$/, "is no pattern of weights' names")));
const names = z.array(z.string().check(z.regex(/^[a-z-]{2,40}$/, "is no name of a gate")));
const natural = z.int().check(z.nonnegative());

export const Recipe = z.strictObject({
  version: z._default(z.literal(1), 1),
  /** "bundled:ember", or the name of a folder or file that the user opened. */
  model: z._default(z.string(), "bundled:ember"),
  data: z._default(
    z.strictObject({
      /** "bundled:commands", or the name of a file that the user opened. */
      train: z._default(z.string(), "bundled:commands"),
      /** Held-out file; empty means that `holdout` of the rows are split off by hash. */
      eval: z._default(z.string(), ""),
      holdout: z._default(z.number().check(z.minimum(0), z.maximum(0.9)), 0.1),
      maxLength: z._default(count, 256),
      /** Rows held at most; of more, a sample that the seed draws. */
      maxRows: z._default(count, 20_000),
      /** TRL's column → the file's column. When any is named, only these are read. */
      columns: z._default(z.record(z.string().check(z.maxLength(100)), z.string().check(z.maxLength(200))), {}),
      /** Gates whose red findings were accepted by name. */
      accept: z._default(names, []),
      /** Gates whose fix is applied to the rows before the run, in this order. */
      fixes: z._default(names, []),
      /** Which tokens teach: "auto" is TRL's rule (completion for prompt+completion, all tokens otherwise). */
      loss: z._default(z.enum(["auto", "completion", "assistant", "all"]), "auto"),
    }),
    {} as never,
  ),
  method: z._default(z.enum(["sft", "dpo", "grpo"]), "sft"),
  /** An adapter beside frozen weights, or the weights themselves. */
  trains: z._default(z.enum(["lora", "full"]), "lora"),
  /**
   * "new" draws a fresh adapter, or begins with the model's weights; "adapter" goes on from what is loaded, whose layout
   * then counts; "scratch", for weights alone, begins with random ones.
   */
  start: z._default(z.enum(["new", "adapter", "scratch"]), "new"),
  sft: z._default(
    z.strictObject({
      lossType: z._default(z.enum(["nll", "dft"]), "nll"),
    }),
    {} as never,
  ),
  dpo: z._default(
    z.strictObject({
      lossType: z._default(z.enum(["sigmoid", "robust", "hinge", "ipo", "apo_zero", "apo_down"]), "sigmoid"),
      beta: z._default(positive, 0.1),
      /** Of "robust": the probability that a label is flipped. */
      labelSmoothing: z._default(z.number().check(z.minimum(0), z.maximum(0.49)), 0),
      /** Reference log-probs of all rows before the first step, rather than of each step's when they come. */
      precomputeReference: z._default(z.boolean(), false),
    }),
    {} as never,
  ),
  grpo: z._default(
    z.strictObject({
      lossType: z._default(z.enum(["dapo", "grpo", "dr_grpo"]), "dapo"),
      numGenerations: z._default(z.int().check(z.minimum(2)), 8),
      maxCompletionLength: z._default(count, 64),
      temperature: z._default(positive, 1),
      /** Weight of the distance to the start; 0 needs no reference. */
      beta: z._default(z.number().check(z.nonnegative()), 0),
      biasCorrectedKl: z._default(z.boolean(), true),
      epsilon: z._default(positive, 0.2),
      /** 0: as `epsilon`. */
      epsilonHigh: z._default(z.number().check(z.nonnegative()), 0),
      scaleRewards: z._default(z.enum(["group", "batch", "none"]), "group"),
      numIterations: z._default(count, 1),
      rewards: z._default(
        z
          .array(
            z.strictObject({
              name: z.enum(REWARD_NAMES),
              weight: z._default(z.number(), 1),
              /** Of "regex". */
              pattern: z._default(z.string(), ""),
              /** Of "python" and "javascript": the source, run in a sandbox. */
              code: z.optional(z.string().check(z.maxLength(50_000))),
            }),
          )
          .check(z.minLength(1)),
        [{ name: "exact", weight: 1, pattern: "" }],
      ),
    }),
    {} as never,
  ),
  lora: z._default(
    z.strictObject({
      rank: z._default(count, 8),
      alpha: z._default(positive, 16),
      targets: z._default(z.array(z.enum(PROJECTIONS)).check(z.minLength(1)), [...PROJECTIONS]),
      /** Of a pair's input, while it is trained. */
      dropout: z._default(z.number().check(z.minimum(0), z.maximum(0.9)), 0),
      /** Scaled by alpha / √rank. */
      useRslora: z._default(z.boolean(), false),
      /** DoRA: the lengths of the rows are learned apart from their directions. */
      useDora: z._default(z.boolean(), false),
      /** Other ranks and alphas, by the end of a module's path: "q_proj", "layers.3.mlp.up_proj". */
      rankPattern: z._default(z.record(modulePath, count), {}),
      alphaPattern: z._default(z.record(modulePath, positive), {}),
      init: z._default(z.enum(["kaiming", "gaussian"]), "kaiming"),
      /** LoRA+: B's learning rate as a multiple of A's. */
      plusRatio: z._default(positive, 1),
    }),
    {} as never,
  ),
  full: z._default(
    z.strictObject({
      /** Patterns of the weights that are trained, "*" for anything; none: all. */
      train: z._default(patterns, []),
      /** Patterns of the weights that stay as they are. */
      freeze: z._default(patterns, []),
      /** Of a start from scratch: standard deviation of the matrices. */
      initStd: z._default(positive, 0.02),
    }),
    {} as never,
  ),
  optimizer: z._default(
    z.strictObject({
      kind: z._default(z.enum(["adamw", "adamw8", "sgd", "muon"]), "adamw"),
      learningRate: z._default(positive, 2e-4),
      beta1: z._default(z.number(), 0.9),
      beta2: z._default(z.number(), 0.999),
      epsilon: z._default(positive, 1e-8),
      /** Of "sgd". */
      momentum: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.9),
      /** Of "muon". */
      muonMomentum: z._default(z.number().check(z.minimum(0), z.lt(1)), 0.95),
      /** Of "muon": how a matrix's shape changes its rate. "match_rms_adamw" moves it as far as AdamW would. */
      adjustLearningRate: z._default(z.enum(["match_rms_adamw", "original"]), "match_rms_adamw"),
      /** Of "muon": AdamW's rate for embedding, head, norms and biases; 0: the same. */
      otherLearningRate: z._default(z.number().check(z.nonnegative()), 0),
      weightDecay: z._default(z.number().check(z.nonnegative()), 0),
      /** 0 never clips. */
      maxGradNorm: z._default(z.number().check(z.nonnegative()), 1),
    }),
    {} as never,
  ),
  schedule: z._default(
    z.strictObject({
      kind: z._default(z.enum(["linear", "cosine", "constant", "warmup_stable_decay"]), "linear"),
      warmup: z._default(natural, 0),
      steps: z._default(count, 100),
      /** Of cosine and warmup_stable_decay: where the rate ends, as a share of the peak. */
      minimum: z._default(z.number().check(z.minimum(0), z.maximum(1)), 0),
      /** Of warmup_stable_decay: steps of the fall; 0: a fifth of all. */
      decay: z._default(natural, 0),
    }),
    {} as never,
  ),
  batch: z._default(
    z.strictObject({
      /** Sequences per micro-batch, packed end to end. */
      size: z._default(count, 8),
      /** Micro-batches per optimizer step. */
      accumulate: z._default(count, 1),
    }),
    {} as never,
  ),
  evaluate: z._default(
    z.strictObject({
      /** Held-out loss and samples every so many steps; 0 only at the start and the end. */
      every: z._default(natural, 25),
      /** Most held-out cases answered in a comparison. */
      cases: z._default(count, 200),
      maxTokens: z._default(count, 64),
      samples: z._default(z.array(z.string()), []),
    }),
    {} as never,
  ),
  /** A few steps on a scratch adapter before the run: "auto" where they cost less than 5 % of it. */
  probe: z._default(z.enum(["auto", "always", "never"]), "auto"),
  keep: z._default(
    z.strictObject({
      /** A checkpoint every so many steps; 0: at each evaluation, and when half a minute has passed since the last. */
      every: z._default(natural, 0),
      /** Ends the run when so many evaluations in a row were no better than the best; 0 never. */
      patience: z._default(natural, 0),
      /** What "better" means, for that and for the best checkpoint: held-out loss, or held-out answers that are right. */
      by: z._default(z.enum(["loss", "passRate"]), "loss"),
    }),
    {} as never,
  ),
  seed: z._default(natural, 42),
});
export type Recipe = z.infer<typeof Recipe>;

/** What a person may leave out, at any depth. */
export type RecipeInput = z.input<typeof Recipe>;

/** Fills defaults. Throws AppError "recipe/invalid" that names every wrong field. */
export function parseRecipe(input: unknown): Recipe {
  const result = z.safeParse(Recipe, fillSections(input));
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join(".") || "recipe"}: ${issue.message}`);
  throw new AppError("recipe/invalid", `The recipe does not fit: ${faults.join("; ")}.`, {
    hint: "Correct the named fields; docs/recipe.md lists each with its range.",
  });
}

const SECTIONS = [
  "data",
  "sft",
  "dpo",
  "grpo",
  "lora",
  "full",
  "optimizer",
  "schedule",
  "batch",
  "evaluate",
  "keep",
] as const;

/** A default of a section is not parsed again by zod, so absent sections become empty objects that are. */
function fillSections(input: unknown): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input ?? {};
  return { ...Object.fromEntries(SECTIONS.map((name) => [name, {}])), ...input };
}
