/**
 * The merged model as a Hugging Face folder: config, tokenizer, template and generation settings of the base, and its
 * weights with the adapter in them, in files of at most 5 GB with an index when there are several.
 */
import type { ExportInput } from "@/export/base";
import { encodeFloats, type FloatType } from "@/export/floats";
import { type ExportPlan, type PlannedFile, plainFile } from "@/export/format";
import { mergedRows, pairsByTensor } from "@/export/merge";
import { safetensorsHeader, tensorBytes } from "@/files/safetensors";
import { INDEX_FILE } from "@/files/safetensors-index";
import type { Located } from "@/model/located";

export type FloatQuant = FloatType;

const DTYPES = { f32: ["F32", "float32"], f16: ["F16", "float16"], bf16: ["BF16", "bfloat16"] } as const;
const SHARD_BYTES = 5_000_000_000;

export function planMerged({ base, adapter }: ExportInput, quant: FloatQuant, shardBytes = SHARD_BYTES): ExportPlan {
  const { arch, located } = base;
  const pairs = pairsByTensor(arch, adapter);
  const [dtype, torch] = DTYPES[quant];
  const shapes = [...located].map(([name, { shape }]) => [name, { dtype, shape }] as const);
  const shards = cut(shapes, shardBytes);
  const nameOf = (i: number) => {
    const digits = (n: number) => String(n).padStart(5, "0");
    return shards.length === 1 ? "model.safetensors" : `model-${digits(i + 1)}-of-${digits(shards.length)}.safetensors`;
  };
  const weights = shards.map((shard, i): PlannedFile => {
    const start = safetensorsHeader(shard);
    return {
      name: nameOf(i),
      bytes: shard.reduce((sum, [, shape]) => sum + tensorBytes(shape), start.length),
      async *chunks() {
        yield start;
        for (const [name] of shard) {
          const source = located.get(name);
          if (!source) continue;
          for await (const values of mergedRows(
            asStored(source, arch.normOffset, base.gguf !== undefined),
            pairs.get(name),
          )) {
            yield encodeFloats(values, quant, name);
          }
        }
      },
    };
  });
  const files = [
    plainFile("config.json", json({ ...withoutQuantisation(base.config), dtype: torch, torch_dtype: torch })),
    ...(Object.keys(base.generation).length > 0 ? [plainFile("generation_config.json", json(base.generation))] : []),
    plainFile("tokenizer.json", base.tokenizerJson),
    plainFile("tokenizer_config.json", base.tokenizerConfigJson),
    ...(base.chatTemplateJinja === undefined ? [] : [plainFile("chat_template.jinja", base.chatTemplateJinja)]),
    ...(shards.length > 1 ? [plainFile(INDEX_FILE, json(index(shards, nameOf)))] : []),
    ...weights,
  ];
  return { format: "safetensors", quant, files, notes: [] };
}

type Shard = (readonly [string, { readonly dtype: "F32" | "F16" | "BF16"; readonly shape: readonly number[] }])[];

function cut(tensors: Shard, most: number): Shard[] {
  const shards: Shard[] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    const more = tensorBytes(tensor[1]);
    if (bytes > 0 && bytes + more > most) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)?.push(tensor);
    bytes += more;
  }
  return shards;
}

function index(shards: readonly Shard[], nameOf: (i: number) => string): object {
  const total = shards.flat().reduce((sum, [, shape]) => sum + tensorBytes(shape), 0);
  const map = shards.flatMap((shard, i) => shard.map(([name]) => [name, nameOf(i)] as const));
  return { metadata: { total_size: total }, weight_map: Object.fromEntries(map) };
}

/** Norms of Gemma are w - 1 in safetensors and w in GGUF; the offset is what reading has to add to come to w. */
function asStored(located: Located, normOffset: number, fromGguf: boolean): Located {
  const isNorm = located.shape.length === 1;
  if (fromGguf) return isNorm && normOffset !== 0 ? { ...located, offset: -normOffset } : located;
  return located.offset === undefined ? located : { ...located, offset: 0 };
}

/** The merged weights are plain floats, whatever the base's were. */
function withoutQuantisation(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { quantization_config: _, ...rest } = config;
  return rest;
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
