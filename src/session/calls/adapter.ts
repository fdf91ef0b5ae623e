/** The adapter in and out of files. */
import { exportPeft, readPeft } from "@/export/peft";
import { type AdapterLayout, adapterLayout, initialAdapter, packAdapter, unpackAdapter } from "@/model/adapter";
import { projectionShape } from "@/model/architecture";
import { settingsOf } from "@/model/lora";
import type { Session } from "@/session/contract";
import type { Core } from "@/session/core";
import type { OpenModel } from "@/session/open-model";
import { parseRecipe } from "@/train/recipe";
import type { NamedFile } from "@/worker/api";

type AdapterCalls = Pick<Session, "exportAdapter" | "loadAdapter" | "initialAdapter">;

export function adapterCalls({ state, requireIdle, requireModel, requireAdapter, dropAdapter }: Core): AdapterCalls {
  return {
    exportAdapter: async () => {
      const model = requireModel();
      const { layout, buffer } = requireAdapter();
      const flat = new Float32Array(await model.runtime.target.read(buffer));
      return peftFiles(model, layout, flat);
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
      return { rank: layout.rank, alpha: layout.alpha };
    },

    initialAdapter: async (input) => {
      const model = requireModel();
      const recipe = parseRecipe(input);
      const layout = adapterLayout(model.arch, recipe.lora);
      return peftFiles(model, layout, initialAdapter(layout, recipe.seed, recipe.lora.init));
    },
  };
}

function peftFiles(model: OpenModel, layout: AdapterLayout, flat: Float32Array): NamedFile[] {
  const files = exportPeft({ ...settingsOf(layout), tensors: unpackAdapter(layout, flat) }, model.name, model.revision);
  return files.map(({ name, bytes }) => ({ name, blob: new Blob([bytes]) }));
}
