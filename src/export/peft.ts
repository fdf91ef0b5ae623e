/**
 * A LoRA adapter as PEFT's folder, which transformers, vLLM and llama.cpp's converter read: adapter_model.safetensors
 * (f32; A [r, in], B [out, r], with DoRA the magnitudes [out]), adapter_config.json, README.md (model card). W' = W + scale · B · A; see `model/lora`.
 *
 * The reader takes what others wrote as well (16-bit floats, fewer layers), and refuses, with every reason at once, what
 * would silently compute something else (biases, patterns that are more than a path, other modules).
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { fromBlob } from "@/files/byte-source";
import { readHeader, readTensor, type TensorData, writeSafetensors } from "@/files/safetensors";
import { type LoraSettings, pairSize } from "@/model/lora";
import { modulePath, PARENTS } from "@/train/module-path";
import { PROJECTIONS, type Projection } from "@/train/recipe";
import type { NamedFile } from "@/worker/api/sources";
import { adapterCard } from "./peft-card";

export interface AdapterMatrices {
  /** [r, in] */
  readonly a: Float32Array;
  /** [out, r] */
  readonly b: Float32Array;
  /** [out], DoRA's magnitudes */
  readonly m?: Float32Array;
}

export interface Adapter extends LoraSettings {
  /** By "layers.{i}.{projection}". */
  readonly tensors: ReadonlyMap<string, AdapterMatrices>;
}

export interface ExportedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What an adapter must fit. `shapeOf` gives [out, in] of a projection's weight. */
export interface AdapterHost {
  readonly layers: number;
  shapeOf(projection: Projection): readonly [number, number];
}

const WEIGHTS = "adapter_model.safetensors";
const CONFIG = "adapter_config.json";
/** `baseModel` is what PEFT will load below it: a Hub id, with its commit as `revision`, or a folder. */
export function exportPeft(adapter: Adapter, baseModel: string, revision?: string): ExportedFile[] {
  const tensors = new Map<string, TensorData>();
  for (const [key, { a, b, m }] of adapter.tensors) {
    const [, layer, name] = /^layers\.(\d+)\.(\w+)$/.exec(key) ?? [];
    const projection = PROJECTIONS.find((known) => known === name);
    if (!layer || !projection) throw new AppError("internal", `${key} is no place for an adapter.`);
    const { rank } = pairSize(adapter, Number(layer), projection);
    const path = `base_model.model.${modulePath(Number(layer), projection)}`;
    tensors.set(`${path}.lora_A.weight`, { dtype: "F32", shape: [rank, a.length / rank], data: a });
    tensors.set(`${path}.lora_B.weight`, { dtype: "F32", shape: [b.length / rank, rank], data: b });
    if (m) tensors.set(`${path}.lora_magnitude_vector`, { dtype: "F32", shape: [m.length], data: m });
  }
  const text = (name: string, content: string) => ({ name, bytes: new TextEncoder().encode(content) });
  return [
    { name: WEIGHTS, bytes: writeSafetensors(tensors) },
    text(CONFIG, `${JSON.stringify(peftConfig(adapter, baseModel, revision), null, 2)}\n`),
    text("README.md", adapterCard(adapter, baseModel)),
  ];
}

export function peftConfig(adapter: LoraSettings, baseModel: string, revision: string | undefined): object {
  const { rank, alpha, targets, dropout = 0, useRslora = false, useDora = false } = adapter;
  const { rankPattern = {}, alphaPattern = {} } = adapter;
  return {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: baseModel,
    revision: revision ?? null,
    inference_mode: true,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    target_modules: [...targets],
    bias: "none",
    fan_in_fan_out: false,
    use_rslora: useRslora,
    use_dora: useDora,
    lora_bias: false,
    init_lora_weights: true,
    modules_to_save: null,
    rank_pattern: rankPattern,
    alpha_pattern: alphaPattern,
    layers_to_transform: null,
    layers_pattern: null,
    auto_mapping: null,
    peft_version: "0.21.2",
  };
}

const off = z.optional(z.nullable(z.literal(false)));
/** PEFT takes regular expressions; here a path or its end, which means the same to both. */
const pattern = (value: z.ZodMiniType<number>) => {
  const key = z.string().check(z.regex(/^[\w.]{1,200}$/, "a pattern that is more than a path"));
  return z.optional(z.nullable(z.record(key, value)));
};
const PeftConfig = z.object({
  peft_type: z.literal("LORA"),
  r: z._default(z.int().check(z.positive()), 8),
  lora_alpha: z._default(z.number().check(z.positive()), 8),
  lora_dropout: z._default(z.number().check(z.minimum(0), z.maximum(0.9)), 0),
  use_rslora: z._default(z.boolean(), false),
  use_dora: z._default(z.boolean(), false),
  lora_bias: off,
  fan_in_fan_out: off,
  bias: z.optional(z.nullable(z.literal("none"))),
  rank_pattern: pattern(z.int().check(z.positive())),
  alpha_pattern: pattern(z.number().check(z.positive())),
  modules_to_save: z.optional(z.nullable(z.array(z.string()).check(z.maxLength(0)))),
});

/**
 * PEFT's files → the adapter. With `host`, every pair must fit that model. Pairs may be missing for some layers.
 * Throws "adapter/mismatch" that lists every difference, "file/…" when the weights are no safetensors file.
 */
export async function readPeft(files: readonly NamedFile[], host?: AdapterHost): Promise<Adapter> {
  const find = (name: string) => files.find((file) => file.name === name || file.name.endsWith(`/${name}`))?.blob;
  const weights = find(WEIGHTS);
  const config = find(CONFIG);
  if (!weights || !config)
    throw mismatch([`${[!weights && WEIGHTS, !config && CONFIG].filter(Boolean).join(" and ")} missing`]);

  const faults: string[] = [];
  const settings = readConfig(await config.text(), faults);
  const source = fromBlob(weights);
  const parts = new Map<string, Partial<AdapterMatrices>>();
  for (const [name, entry] of await readHeader(source)) {
    const place = placeOf(name);
    const rank = place && settings && pairSize(settings, place.layer, place.projection).rank;
    const fault = place ? shapeFault(place, entry.shape, rank, host) : "no weight of LoRA on a known projection";
    if (!place || fault) {
      faults.push(`${name}: ${fault}`);
      continue;
    }
    const key = `layers.${place.layer}.${place.projection}`;
    parts.set(key, { ...parts.get(key), [place.part]: await readTensor(source, entry) });
  }
  const tensors = new Map<string, AdapterMatrices>();
  for (const [key, { a, b, m }] of parts) {
    if (!a || !b) faults.push(`${key}: lora_${a ? "B" : "A"} missing`);
    else if ((m !== undefined) !== (settings?.useDora === true))
      faults.push(`${key}: lora_magnitude_vector ${m ? "without use_dora" : "missing"}`);
    else tensors.set(key, { a, b, ...(m ? { m } : {}) });
  }
  if (tensors.size === 0 && faults.length === 0) faults.push("no weights in the file");
  if (faults.length > 0 || !settings) throw mismatch(faults);
  const targets = PROJECTIONS.filter((projection) => [...tensors.keys()].some((key) => key.endsWith(`.${projection}`)));
  return { ...settings, targets, tensors };
}

function readConfig(text: string, faults: string[]): LoraSettings | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    faults.push(`${CONFIG} is not JSON`);
    return undefined;
  }
  const result = z.safeParse(PeftConfig, value);
  if (result.success) {
    const { r, lora_alpha, lora_dropout, use_rslora, use_dora, rank_pattern, alpha_pattern } = result.data;
    const patterns = { rankPattern: rank_pattern ?? {}, alphaPattern: alpha_pattern ?? {} };
    const variants = { useRslora: use_rslora, useDora: use_dora };
    return { rank: r, alpha: lora_alpha, targets: [], dropout: lora_dropout, ...variants, ...patterns };
  }
  for (const { path, message } of result.error.issues)
    faults.push(`${CONFIG}: ${path.join(".") || "it"} is not supported (${message})`);
  return undefined;
}

interface Place {
  readonly layer: number;
  readonly projection: Projection;
  readonly part: keyof AdapterMatrices;
}

const PARTS = { "lora_A.weight": "a", "lora_B.weight": "b", lora_magnitude_vector: "m" } as const;

function placeOf(name: string): Place | undefined {
  const found =
    /^base_model\.model\.(?:model\.)?layers\.(\d+)\.(self_attn|mlp)\.(\w+)\.(lora_[AB]\.weight|lora_magnitude_vector)$/.exec(
      name,
    );
  const projection = found?.[3] as Projection | undefined;
  if (!found || !projection || !Object.hasOwn(PARENTS, projection) || PARENTS[projection] !== found[2])
    return undefined;
  return { layer: Number(found[1]), projection, part: PARTS[found[4] as keyof typeof PARTS] };
}

function shapeFault(
  { layer, projection, part }: Place,
  shape: readonly number[],
  rank: number | undefined,
  host: AdapterHost | undefined,
): string | undefined {
  if (host && layer >= host.layers) return `the model has ${host.layers} layers only`;
  const [outputs, inputs] = host?.shapeOf(projection) ?? [shape[0], shape[1]];
  const wanted = part === "m" ? [outputs] : part === "a" ? [rank ?? shape[0], inputs] : [outputs, rank ?? shape[1]];
  const fits = shape.length === wanted.length && wanted.every((size, i) => size === shape[i]);
  return fits ? undefined : `its shape is [${shape.join(", ")}], where [${wanted.join(", ")}] is needed`;
}

function mismatch(faults: readonly string[]): AppError {
  return new AppError("adapter/mismatch", `This adapter does not fit: ${faults.join("; ")}.`, {
    hint: "Open the model that the adapter was trained on, and give its adapter_model.safetensors and adapter_config.json.",
  });
}
