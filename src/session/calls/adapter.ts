/** What was trained, in and out of files: an adapter as PEFT has it, or a whole model as transformers has it. */
import { filesOf } from "@/export/format";
import { readPeft } from "@/export/peft";
import { adapterLayout, packAdapter } from "@/model/adapter";
import { projectionShape } from "@/model/architecture";
import type { Trainable } from "@/model/trainable";
import type { Session } from "@/session/contract";
import type { Core } from "@/session/core";
import { planExport } from "@/session/export";
import type { OpenModel } from "@/session/open-model";
import { describeTrained, exportInput, layoutFor, readTrained, startValues } from "@/session/trained";
import { parseRecipe } from "@/train/recipe";
import type { NamedFile } from "@/worker/api/sources";

type AdapterCalls = Pick<Session, "exportAdapter" | "loadAdapter" | "initialAdapter">;

export function adapterCalls({ state, requireIdle, requireModel, requireAdapter, dropAdapter }: Core): AdapterCalls {
  return {
    exportAdapter: async () => {
      const model = requireModel();
      const trained = await readTrained(model, requireAdapter());
      return trainedFiles(model, trained.layout, trained.values);
    },

    loadAdapter: async (files) => {
      requireIdle();
      const model = requireModel();
      const { tensors, ...settings } = await readPeft(files, {
        layers: model.arch.layers,
        shapeOf: (projection) => projectionShape(model.arch, projection),
      });
      const layout = adapterLayout(model.arch, settings);
      const buffer = model.runtime.target.allocate(layout.length * 4, "adapter");
      model.runtime.target.write(buffer, packAdapter(layout, tensors));
      dropAdapter();
      state.adapter = { layout, buffer };
      return describeTrained(layout);
    },

    initialAdapter: async (input) => {
      const model = requireModel();
      const recipe = parseRecipe(input);
      const layout = layoutFor(model, recipe);
      return trainedFiles(model, layout, await startValues(model, layout, recipe));
    },
  };
}

async function trainedFiles(
  model: OpenModel,
  layout: Trainable,
  values: Float32Array<ArrayBuffer>,
): Promise<NamedFile[]> {
  const input = await exportInput(model, { layout, values }, model.name);
  const plan =
    layout.kind === "full"
      ? await planExport(input, "safetensors", "f32")
      : await planExport(input, "peft", undefined, model.revision);
  return filesOf(plan);
}
