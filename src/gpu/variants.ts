/**
 * Shapes fall into few classes, and each class has a few forms worth trying, best guess first. A software adapter loses
 * 2–3× by workgroup memory, and its time goes into loads, which quads of lanes share; a GPU wants many lanes and
 * shared tiles. gpu/autotune.ts measures; where nothing was measured the first candidate is taken.
 */
import type { AttentionEntry, AttentionForm, ChooseAttention } from "@/gpu/attention-form";
import type { ChooseVariant, Product, Variant } from "@/gpu/products";

/** Names of size and weight: "many forward blocks"; of attention by its heads: "attention backward_q 64". */
export type ProductClass = string;

export interface ChooseForms {
  readonly product: ChooseVariant;
  readonly attention: ChooseAttention;
}

/** Heads up to 64, and larger ones, which take twice the registers. */
export const attentionClass = (entry: AttentionEntry, headDim: number): ProductClass =>
  `attention ${entry} ${headDim > 64 ? 128 : 64}`;

/** The form of attention that a variant stands for. */
export const attentionOf = ({ form }: Variant): AttentionForm => (form === "split" ? "registers" : form);

export function classOf({ direction, format, rows, columns }: Product): ProductClass {
  if (direction === "gradient") return "gradient";
  if (columns <= 64) return `narrow ${direction}`;
  const weight = format === "f32" || format === "f16" || format === "bf16" ? "floats" : "blocks";
  return `${rows > 32 ? "many" : "few"} ${direction} ${weight}`;
}

export function candidatesOf(className: ProductClass, subgroups: boolean): readonly Variant[] {
  const quads: readonly Variant[] = subgroups ? [{ form: "quads" }] : [];
  switch (className.split(" ")[0]) {
    case "gradient":
      return [{ form: "split", split: 64 }, { form: "split", split: 16 }, ...quads];
    case "attention":
      return [{ form: "shared" }, ...quads];
    case "many":
      return [{ form: "shared", side: 16 }, { form: "shared", side: 8 }, ...quads, { form: "registers", rows: 8 }];
    default:
      return [{ form: "split", split: 16, rows: 8 }, { form: "split", split: 64, rows: 8 }, ...quads];
  }
}

export function byDefault(device: GPUDevice, software: boolean): ChooseForms {
  const subgroups = device.features.has("subgroups");
  if (!software) {
    return {
      product: (product) => candidatesOf(classOf(product), subgroups)[0] ?? { form: "registers" },
      attention: () => "shared",
    };
  }
  const form = subgroups ? "quads" : "registers";
  return {
    // Few columns need short tiles, so that both of a small machine's processors get some.
    product: ({ columns }) => ({ form, rows: columns > 64 ? 16 : 4 }),
    attention: () => form,
  };
}
