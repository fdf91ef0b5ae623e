/**
 * The merged model as a folder for transformers.js: `onnx/model.onnx` under the name of its type of weights, with the
 * configuration and the tokenizer beside it.
 */
import type { ExportInput } from "@/export/base";
import { type ExportPlan, type PlannedFile, plainFile } from "@/export/format";
import { mergedRows, pairsByTensor } from "@/export/merge";
import { type OnnxWeights, onnxDecoder } from "@/export/onnx/decoder";
import { ONE_FILE } from "@/export/onnx/graph";
import { BLOCK, type MergedWeights } from "@/export/onnx/weights";
import { expectedTensors } from "@/model/architecture";
import { PROJECTIONS } from "@/train/recipe";

/** transformers.js finds a file by these. */
const NAMES: Readonly<Record<OnnxWeights, string>> = { f32: "model", f16: "model_fp16", q8: "model_quantized" };

/** `limit`: bytes of one file, above which the weights get one of their own. */
export function planOnnx(input: ExportInput, quant: OnnxWeights, limit = ONE_FILE): ExportPlan {
  const { base } = input;
  const name = `${NAMES[quant]}.onnx`;
  const models = onnxDecoder(base.arch, weightsOf(input), quant).files(`onnx/${name}`, limit);
  const custom = models.length > 1 ? { "transformers.js_config": { use_external_data_format: { [name]: 1 } } } : {};
  const files: PlannedFile[] = [
    plainFile("config.json", json({ ...base.config, ...custom })),
    ...(Object.keys(base.generation).length > 0 ? [plainFile("generation_config.json", json(base.generation))] : []),
    plainFile("tokenizer.json", base.tokenizerJson),
    plainFile("tokenizer_config.json", base.tokenizerConfigJson),
    ...(base.chatTemplateJinja === undefined ? [] : [plainFile("chat_template.jinja", base.chatTemplateJinja)]),
    ...models,
  ];
  return { format: "onnx", quant, files, notes: notesOf(input, quant) };
}

function weightsOf({ base, adapter }: ExportInput): MergedWeights {
  const shapes = expectedTensors(base.arch, PROJECTIONS);
  const pairs = pairsByTensor(base.arch, adapter);
  return {
    shapeOf: (name) => shapes.get(name) ?? [],
    rows: (name) => {
      const located = base.located.get(name);
      if (!located) throw new Error(`internal: ${name} was not located`);
      return mergedRows(located, pairs.get(name));
    },
  };
}

function notesOf({ base: { arch } }: ExportInput, quant: OnnxWeights): string[] {
  const narrow = [arch.hidden, arch.ffn, arch.heads * arch.headDim].filter((columns) => columns % BLOCK !== 0);
  const kept = `Matrices of ${[...new Set(narrow)].join(" and ")} columns stay 16 bits wide: blocks are of ${BLOCK} values.`;
  return [
    ...(quant === "q8" && narrow.length > 0 ? [kept] : []),
    ...(quant === "f16"
      ? ["Weights of 16 bits are widened when the model is loaded; the arithmetic is of 32 bits."]
      : []),
  ];
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
