/** Opening a dataset, and what a run of it would take. */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import type { Session } from "@/session/contract";
import type { Core, State } from "@/session/core";
import { memoryPlan } from "@/session/ledger";
import type { Platform } from "@/session/platform";
import { workloadOf } from "@/session/run";
import { scoreRows } from "@/session/score";
import { parseRecipe, type RecipeInput } from "@/train/recipe";
import type { DatasetSource, NamedFile } from "@/worker/api";

type DataCalls = Pick<Session, "openDataset" | "plan" | "score">;

export function dataCalls({ platform, state, requireIdle, requireModel, requireAdapter, datasetFor }: Core): DataCalls {
  return {
    openDataset: async (source, input) => {
      requireIdle();
      const previous = { source: state.source, dataset: state.dataset };
      try {
        state.source = await readSource(platform, source);
        delete state.dataset;
        state.recipe = parseRecipe(input);
        const { info } = datasetFor(state.recipe);
        const { recipe, samplePrompts } = state.source.extra;
        return { ...info, ...(samplePrompts ? { samplePrompts } : {}), ...(recipe ? { recipe } : {}) };
      } catch (error) {
        Object.assign(state, previous);
        throw error;
      }
    },

    plan: async (input) => {
      const recipe = parseRecipe(input);
      const model = requireModel();
      const work = workloadOf(model, datasetFor(recipe), recipe);
      return memoryPlan(model.arch, model.runtime.formats, recipe, work, model.runtime.target.limits.memoryBudget);
    },

    score: async (file, input, useAdapter) => {
      const text = { name: file.name, text: await file.blob.text() };
      return scoreRows(requireModel(), useAdapter ? requireAdapter() : undefined, text, parseRecipe(input));
    },
  };
}

const CatalogEntry = z.looseObject({
  name: z.string(),
  train: z.string(),
  eval: z.string(),
  samplePrompts: z.array(z.string()),
  recipe: z.optional(z.looseObject({})),
});

async function readSource(platform: Platform, source: DatasetSource): Promise<NonNullable<State["source"]>> {
  if (source.kind === "files") {
    const file = async ({ name, blob }: NamedFile) => ({ name, text: await blob.text() });
    const held = source.eval ? { eval: await file(source.eval) } : {};
    return { text: { name: source.name, train: await file(source.train), ...held }, extra: {} };
  }
  const catalog = z.parse(
    z.array(CatalogEntry),
    JSON.parse(await (await platform.bundled("datasets/index.json")).text()),
  );
  const entry = catalog.find(({ name }) => name === source.name);
  if (!entry) {
    throw new AppError("usage", `There is no bundled dataset "${source.name}".`, {
      hint: `The bundled ones are ${catalog.map(({ name }) => name).join(", ")}.`,
    });
  }
  const file = async (name: string) => ({ name, text: await (await platform.bundled(`datasets/${name}`)).text() });
  const text = { name: entry.name, train: await file(entry.train), eval: await file(entry.eval) };
  const recipe = entry.recipe as RecipeInput | undefined;
  return { text, extra: { samplePrompts: entry.samplePrompts, ...(recipe ? { recipe } : {}) } };
}
