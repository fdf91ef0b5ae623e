/**
 * Rotary frequencies from `config.json`, which has said them in three ways: rope_theta with rope_scaling {type …},
 * the same with rope_type, and transformers 5's rope_parameters.
 *
 *   default   f_i = theta^(-2i / D)
 *   linear    f_i / factor
 *   llama3    f_i / factor where a turn takes more than the original context over low_freq_factor, f_i where it takes
 *             less than that over high_freq_factor, and a blend of both between
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";

const positive = z.number().check(z.positive());
const Settings = z.looseObject({
  rope_type: z.nullish(z.string()),
  type: z.nullish(z.string()),
  rope_theta: z.nullish(positive),
  factor: z.nullish(positive),
  low_freq_factor: z.nullish(positive),
  high_freq_factor: z.nullish(positive),
  original_max_position_embeddings: z.nullish(positive),
  partial_rotary_factor: z.nullish(z.number()),
});

export interface RopeSettings {
  readonly type: string;
  readonly theta: number;
  readonly factor: number;
  readonly low: number;
  readonly high: number;
  readonly context: number;
  /** Part of each head that turns. */
  readonly part: number;
}

export interface RopeConfig {
  readonly max_position_embeddings: number;
  readonly partial_rotary_factor?: number | null | undefined;
  readonly rope_theta?: number | null | undefined;
  readonly rope_scaling?: Readonly<Record<string, unknown>> | null | undefined;
  readonly rope_parameters?: Readonly<Record<string, unknown>> | null | undefined;
}

/** `theta` is the family's own default. Throws AppError "model/bad-config". */
export function ropeSettings(config: RopeConfig, theta = 10_000): RopeSettings {
  const parsed = z.safeParse(Settings, config.rope_scaling ?? config.rope_parameters ?? {});
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
    throw new AppError("model/bad-config", `config.json has wrong rope parameters: ${faults}.`, {
      hint: "Take the config.json that belongs to these weights.",
    });
  }
  const found = parsed.data;
  const nested = "full_attention" in found || "sliding_attention" in found;
  return {
    type: nested ? "by layer" : (found.rope_type ?? found.type ?? "default"),
    theta: found.rope_theta ?? config.rope_theta ?? theta,
    factor: found.factor ?? Number.NaN,
    low: found.low_freq_factor ?? Number.NaN,
    high: found.high_freq_factor ?? Number.NaN,
    context: found.original_max_position_embeddings ?? config.max_position_embeddings,
    part: found.partial_rotary_factor ?? config.partial_rotary_factor ?? 1,
  };
}

/** For `refuse`. */
export function ropeFault(settings: RopeSettings): string | false {
  const { type, part, factor, low, high } = settings;
  const needed: Readonly<Record<string, readonly number[]>> = {
    default: [],
    linear: [factor],
    llama3: [factor, low, high],
  };
  const values = needed[type];
  if (!values) return `rope scaling "${type}"`;
  if (values.some(Number.isNaN)) return `rope scaling "${type}" without its factors`;
  return part !== 1 && `rotary embedding on ${part} of each head`;
}

/** Radians per position for each of headDim / 2 pairs. */
export function ropeFrequencies(headDim: number, settings: RopeSettings): number[] {
  const { type, theta, factor } = settings;
  const plain = Array.from({ length: headDim / 2 }, (_, i) => theta ** ((-2 * i) / headDim));
  if (type === "linear") return plain.map((frequency) => frequency / factor);
  return type === "llama3" ? plain.map((frequency) => llama3(frequency, settings)) : plain;
}

function llama3(frequency: number, { factor, low, high, context }: RopeSettings): number {
  const turns = (context * frequency) / (2 * Math.PI);
  const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
  return (1 - kept) * (frequency / factor) + kept * frequency;
}
