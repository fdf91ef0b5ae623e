/**
 * The open model itself, and our own loader over exported files: it parses them anew into a second runtime on the same
 * device, with the tokenizer that lies in them. It shares no code with the writers.
 */
import { readPeft } from "@/export/peft";
import { adapterLayout, packAdapter } from "@/model/adapter";
import { projectionShape } from "@/model/architecture";
import { releaseRuntime } from "@/model/runtime";
import { answer, type LoadedAdapter } from "@/session/answers";
import { nextTokens } from "@/session/next-token";
import { type OpenModel, openModel } from "@/session/open-model";
import { readModel } from "@/session/read-model";
import { LEADS, type Reader } from "@/session/readers/reader";
import type { NamedFile } from "@/worker/api/sources";

/** What is open now. Its `release` leaves it open. */
export function openReader(model: OpenModel, adapter: LoadedAdapter | undefined, name = "Burnish"): Reader {
  return {
    name,
    answers: async (prompts, maxTokens, leads) => {
      const ids = prompts.map((prompt) => model.tokenizer.encode(prompt));
      const next = leads ? await nextTokens(model.runtime, adapter, ids, LEADS) : [];
      const options = { maxTokens, temperature: 0, seed: 0, useAdapter: true };
      const tokens = await answer(model, adapter, ids, options);
      return tokens.map((one, i) => ({
        text: model.tokenizer.decode(one, { skipSpecial: true }),
        next: next[i] ?? [],
      }));
    },
    release: async () => {},
  };
}

/** A merged model, in safetensors or GGUF. */
export async function mergedReader(model: OpenModel, files: readonly NamedFile[]): Promise<Reader> {
  const { target } = model.runtime;
  const parts = await readModel({ name: "the export", files: [...files] }, "auto", target.limits);
  const second = await openModel(target, parts, () => {});
  const reader = openReader(second, undefined, "Burnish's own loader");
  return { ...reader, template: second.template, release: async () => releaseRuntime(second.runtime) };
}

/** An adapter in PEFT's files, over the base that is open. */
export async function peftReader(model: OpenModel, files: readonly NamedFile[]): Promise<Reader> {
  const { target } = model.runtime;
  const shapeOf = (projection: Parameters<typeof projectionShape>[1]) => projectionShape(model.arch, projection);
  const { tensors, ...settings } = await readPeft(files, { layers: model.arch.layers, shapeOf });
  const layout = adapterLayout(model.arch, settings);
  const buffer = target.allocate(layout.length * 4, "adapter read again");
  target.write(buffer, packAdapter(layout, tensors));
  const reader = openReader(model, { layout, buffer }, "Burnish's own reader of PEFT");
  return { ...reader, release: async () => target.free(buffer) };
}
