/**
 * Which form of a product is taken where nothing was measured. A software adapter loses 2–3× by workgroup memory and its
 * time goes into loads, which quads of lanes share; a GPU wants many lanes and shared tiles.
 */
import type { ChooseVariant } from "@/gpu/products";

export function byDefault(device: GPUDevice, software: boolean): ChooseVariant {
  const alone = device.features.has("subgroups") ? ("quads" as const) : ("registers" as const);
  // Few columns need short tiles, so that both of a small machine's processors get some.
  if (software) return ({ columns }) => ({ form: alone, rows: columns > 64 ? 16 : 4 });
  return ({ direction, rows, columns }) => {
    if (direction === "gradient") return { form: "split", split: 64 };
    if (rows <= 32 || columns <= 64) return { form: "split", split: 16, rows: 8 };
    return { form: "shared", side: rows * columns >= 2 ** 18 ? 16 : 8 };
  };
}
