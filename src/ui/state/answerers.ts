/** Who answers an evaluation: the model of the tab with adapters of kept runs, ONNX models, a server. */
import { computed, signal } from "@preact/signals";
import { AppError } from "@/errors";
import type { RunSummary } from "@/runs/summary";
import { adapter } from "@/ui/state/adapter";
import { attempt } from "@/ui/state/core";
import { form } from "@/ui/state/evaluate-form";
import { inFolder } from "@/ui/state/folder";
import { model } from "@/ui/state/model";
import { runs } from "@/ui/state/runs";
import type { NamedFile } from "@/worker/api/sources";
import type { PageSession } from "@/worker/client";

/** In memory only: nothing of it is kept, and the key is in no report. */
export interface Server {
  readonly baseUrl: string;
  readonly model: string;
  readonly key: string;
  /** Per million tokens, as typed; empty: not known. */
  readonly priceIn: string;
  readonly priceOut: string;
}
export const NO_SERVER: Server = { baseUrl: "", model: "", key: "", priceIn: "", priceOut: "" };
export const server = signal<Server>(NO_SERVER);

/** What a server still lacks; null: it can be asked. */
export function serverFault({ baseUrl, model: name }: Server): string | null {
  if (!/^https?:\/\/./.test(baseUrl.trim())) return "Give the server’s address.";
  return name.trim() === "" ? "Give the model’s name on the server." : null;
}

/** ONNX models of a folder or of the Hub, opened when they are asked. */
export const onnxModels = signal<readonly OnnxSource[]>([]);
export type OnnxSource =
  | { readonly kind: "files"; readonly name: string; readonly files: NamedFile[] }
  | { readonly kind: "hub"; readonly reference: string };

/** A folder without weights is told of, and left out. */
export function addOnnxFolder(files: readonly File[]): Promise<boolean> {
  return attempt("evaluate", async () => {
    const named = inFolder(files);
    if (!named.files.some(({ name }) => name.endsWith(".onnx"))) {
      throw new AppError("model/missing-file", "There is no .onnx file in this folder.", {
        hint: "Choose the whole folder: config.json, tokenizer.json and onnx/model.onnx.",
      });
    }
    onnxModels.value = [
      ...onnxModels.value,
      { kind: "files", name: named.name || "ONNX model", files: [...named.files] },
    ];
  });
}

export function addOnnxReference(reference: string): void {
  const wanted = reference.trim();
  if (wanted !== "") onnxModels.value = [...onnxModels.value, { kind: "hub", reference: wanted }];
}

export function removeOnnx(at: number): void {
  onnxModels.value = onnxModels.value.filter((_, i) => i !== at);
}

/** Kept runs of the open model whose adapters answer beside it. */
export const wishedRuns = signal<readonly string[]>([]);
export const usedRuns = computed(() => {
  const known = new Set(adaptersOf(runs.value ?? [], model.value?.name).map(({ id }) => id));
  return wishedRuns.value.filter((id) => known.has(id));
});

export function toggleRun(id: string): void {
  const without = usedRuns.value.filter((other) => other !== id);
  wishedRuns.value = without.length < usedRuns.value.length ? without : [...without, id];
}

/** Runs that can answer with the open model. */
export const adaptersOf = (kept: readonly RunSummary[], name: string | undefined): readonly RunSummary[] =>
  kept.filter(({ checkpoints, status, model: of }) => checkpoints.length > 0 && status !== "running" && of === name);

/** Adapters that the model of the tab has here. */
export const adapterCount = computed(() => usedRuns.value.length + (adapter.value === null ? 0 : 1));

type Others = NonNullable<Parameters<PageSession["evaluateSuite"]>[0]["others"]>;

/** Beside the open model. */
export function othersOf(): Others {
  const { tab, server: asked, onnx } = form.value;
  return [
    ...(tab ? usedRuns.value.map((id) => ({ kind: "run" as const, id })) : []),
    ...(onnx ? onnxModels.value.map((source) => ({ kind: "onnx" as const, source })) : []),
    ...(asked ? [endpointOf(server.value)] : []),
  ];
}

/** Who reads a skill by itself: the base weights, or the first who answers where that is not the tab. */
export function readerOf(): Others[number] | { kind: "open"; adapter: false } {
  const [other] = form.value.tab ? [] : othersOf();
  return other ?? { kind: "open", adapter: false };
}

/** A price is known where both halves are numbers. */
export function endpointOf({ baseUrl, model: name, key, priceIn, priceOut }: Server): Others[number] {
  const [input, output] = [priceIn, priceOut].map((text) => (text.trim() === "" ? Number.NaN : Number(text))) as [
    number,
    number,
  ];
  const price = input >= 0 && output >= 0 ? { price: { input, output } } : {};
  const secret = key.trim() === "" ? {} : { key: key.trim() };
  return { kind: "endpoint", baseUrl: baseUrl.trim(), model: name.trim(), ...secret, ...price };
}
