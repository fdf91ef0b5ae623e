/**
 * Shapes fall into few classes, and each class has a few forms worth trying, best guess first. A software adapter loses
 * 2–3× by workgroup memory, and its time goes into loads, which quads of lanes share; a GPU wants many lanes and
 * shared tiles. gpu/autotune.ts measures; where nothing was measured the first candidate is taken.
 */
import type { ChooseVariant, Product, Variant } from "@/gpu/products";

/** Names of size and weight: "many forward blocks". */
export type ProductClass = string;

export function classOf({ direction, format, rows, columns }: Product): ProductClass {
  if (direction === "gradient") return "gradient";
  if (columns <= 64) return `narrow ${direction}`;
  const weight = format === "f32" || format === "f16" ? "floats" : "blocks";
  return `${rows > 32 ? "many" : "few"} ${direction} ${weight}`;
}

export function candidatesOf(className: ProductClass, subgroups: boolean): readonly Variant[] {
  const quads: readonly Variant[] = subgroups ? [{ form: "quads" }] : [];
  switch (className.split(" ")[0]) {
    case "gradient":
      return [{ form: "split", split: 64 }, { form: "split", split: 16 }, ...quads];
    case "many":
      return [{ form: "shared", side: 16 }, { form: "shared", side: 8 }, ...quads, { form: "registers", rows: 8 }];
    default:
      return [{ form: "split", split: 16, rows: 8 }, { form: "split", split: 64, rows: 8 }, ...quads];
  }
}

export function byDefault(device: GPUDevice, software: boolean): ChooseVariant {
  const subgroups = device.features.has("subgroups");
  if (!software) return (product) => candidatesOf(classOf(product), subgroups)[0] ?? { form: "registers" };
  const form = subgroups ? "quads" : "registers";
  // Few columns need short tiles, so that both of a small machine's processors get some.
  return ({ columns }) => ({ form, rows: columns > 64 ? 16 : 4 });
}
