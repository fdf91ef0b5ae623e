/** A model and perhaps an adapter → the plan of an export, in any format. */
import { type ExportInput, noAdapter } from "@/export/base";
import { chooseQuant, type ExportPlan, plainFile, planBytes } from "@/export/format";
import { planGguf } from "@/export/gguf";
import { planGgufLora } from "@/export/gguf-lora";
import type { GgufQuant } from "@/export/gguf-mix";
import { type FloatQuant, planMerged } from "@/export/merged";
import type { OnnxWeights } from "@/export/onnx/decoder";
import { planOnnx } from "@/export/onnx/plan";
import { exportPeft } from "@/export/peft";
import type { ExportFormat, ExportOutline } from "@/worker/api/export";

/** Throws "usage" for what the format cannot be, "model/unsupported" for what it cannot say. */
export async function planExport(
  input: ExportInput,
  format: ExportFormat,
  wanted?: string,
  revision?: string,
): Promise<ExportPlan> {
  const quant = chooseQuant(format, wanted);
  switch (format) {
    case "peft":
      return planPeft(input, revision);
    case "safetensors":
      return planMerged(input, quant as FloatQuant);
    case "gguf":
      return planGguf(input, quant as GgufQuant);
    case "gguf-lora":
      return planGgufLora(input, quant as "f32" | "f16");
    case "onnx":
      return planOnnx(input, quant as OnnxWeights);
  }
}

function planPeft({ base, adapter }: ExportInput, revision: string | undefined): ExportPlan {
  if (!adapter) {
    throw noAdapter(base);
  }
  const files = exportPeft(adapter, base.name, revision).map(({ name, bytes }) => plainFile(name, bytes));
  return { format: "peft", quant: null, files, notes: [] };
}

export function outline(plan: ExportPlan): ExportOutline {
  const { format, quant, files, notes } = plan;
  return { format, quant, files: files.map(({ name, bytes }) => ({ name, bytes })), bytes: planBytes(plan), notes };
}
