/**
 * The application core without a screen: one open model, one dataset, one adapter. The page's worker exposes it through
 * Comlink; the CLI calls it directly. It does one thing at a time; pause, resume and stop reach a run between steps.
 */
import * as z from "zod/mini";
import { buildDataset, type Dataset, type DatasetText } from "@/data/dataset";
import { encodePrompt } from "@/data/encode";
import { AppError } from "@/errors";
import { exportPeft, readPeft } from "@/export/peft";
import { cachedModels, deleteModel } from "@/hub/cache";
import { parseReference } from "@/hub/reference";
import { type AdapterLayout, adapterLayout, initialAdapter, packAdapter, unpackAdapter } from "@/model/adapter";
import { projectionShape } from "@/model/architecture";
import { releaseRuntime } from "@/model/runtime";
import { answer, type LoadedAdapter } from "@/session/answers";
import { benchStep, type StepBench } from "@/session/bench";
import { answerCases, casesOf, comparePairs } from "@/session/compare";
import { type Inspection, inspectModel } from "@/session/inspect";
import { memoryPlan } from "@/session/ledger";
import { modelFiles } from "@/session/model-files";
import { type OpenModel, openModel } from "@/session/open-model";
import type { Platform } from "@/session/platform";
import { readModel } from "@/session/read-model";
import { busy, type RunControl, runTraining, workloadOf } from "@/session/run";
import { type RowScore, scoreRows } from "@/session/score";
import { createTextStream } from "@/tokenizer/text-stream";
import { parseRecipe, type Recipe, type RecipeInput } from "@/train/recipe";
import type { BaseDtype, CompareEvent, DatasetSource, ModelSource, NamedFile, SessionApi } from "@/worker/api";

/** What the CLI may ask beyond the page. */
export interface Session extends SessionApi {
  score(file: NamedFile, recipe: RecipeInput, useAdapter: boolean): Promise<RowScore[]>;
  /** The base model alone on the held-out cases. */
  evaluateBase(
    onEvent: (event: CompareEvent) => void,
  ): Promise<{ prompt: string; expected: string; base: string; passed: boolean }[]>;
  /** The adapter that a run of this recipe starts from, as PEFT files. */
  initialAdapter(recipe: RecipeInput): Promise<NamedFile[]>;
  inspect(source: ModelSource, dtype: BaseDtype, recipe: RecipeInput, tokens: number): Promise<Inspection>;
  bench(recipe: RecipeInput, tokens: number): Promise<StepBench>;
  release(): Promise<void>;
}

interface State {
  model?: OpenModel;
  source?: { text: DatasetText; extra: { recipe?: RecipeInput; samplePrompts?: readonly string[] } };
  dataset?: { built: Dataset; key: string };
  adapter?: LoadedAdapter;
  recipe: Recipe;
  run?: RunControl;
  download?: AbortController;
}

export function createSession(platform: Platform): Session {
  const state: State = { recipe: parseRecipe({}) };
  const requireModel = () => state.model ?? missing("model", "Open a model first.");
  const requireAdapter = () => state.adapter ?? missing("adapter", "Train one, or load one from its files.");
  const idle = () => {
    if (state.run) throw busy();
  };
  const dropAdapter = () => {
    if (state.adapter && state.model) state.model.runtime.target.free(state.adapter.buffer);
    delete state.adapter;
  };

  /** The dataset as this recipe splits, masks and cuts it. */
  const datasetFor = (recipe: Recipe): Dataset => {
    const model = requireModel();
    const { source } = state;
    if (!source) return missing("dataset", "Open a dataset first.");
    const key = JSON.stringify([recipe.data, recipe.seed]);
    if (state.dataset?.key !== key) state.dataset = { built: buildDataset(source.text, model, recipe), key };
    return state.dataset.built;
  };

  return {
    device: async () => {
      const { target, notice } = await platform.openTarget();
      const { name, description, software, limits } = target;
      return { target: name, description, software, notice, memoryBudget: limits.memoryBudget };
    },

    openModel: async (source, onProgress, dtype = "auto") => {
      idle();
      const { target } = await platform.openTarget();
      state.download = new AbortController();
      const { signal } = state.download;
      const given = await modelFiles(platform, source, { onProgress, signal }).finally(() => delete state.download);
      const parts = await readModel(given, dtype, target.limits);
      dropAdapter();
      if (state.model) releaseRuntime(state.model.runtime);
      delete state.model;
      delete state.dataset;
      state.model = await openModel(target, parts, onProgress);
      return state.model.info;
    },

    cachedModels: async () => cachedModels(await platform.files()),
    deleteCachedModel: async (reference) => deleteModel(await platform.files(), parseReference(reference)),

    openDataset: async (source, input) => {
      idle();
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

    train: async (input, emit) => {
      idle();
      const recipe = parseRecipe(input);
      const model = requireModel();
      const dataset = datasetFor(recipe);
      state.recipe = recipe;
      const control: RunControl = { stopped: false, paused: undefined };
      state.run = control;
      const onAdapter = (adapter: LoadedAdapter) => {
        dropAdapter();
        state.adapter = adapter;
      };
      try {
        return await runTraining({ model, dataset, recipe, control, emit, onAdapter });
      } finally {
        delete state.run;
      }
    },
    ...runControls(state),

    compare: async (onEvent) => {
      idle();
      const adapter = requireAdapter();
      return comparePairs(requireModel(), adapter, datasetFor(state.recipe).eval, state.recipe, onEvent);
    },

    evaluateBase: async (onEvent) => {
      const cases = casesOf(datasetFor(state.recipe).eval, state.recipe);
      const base = await answerCases(requireModel(), undefined, cases, state.recipe, "base", onEvent);
      return cases.map(({ prompt, expected }, i) => {
        const text = base[i] ?? "";
        return { prompt, expected, base: text, passed: text.trim() === expected.trim() };
      });
    },

    generate: async (prompt, { maxTokens, temperature, seed, adapter, chat }, onText) => {
      idle();
      const model = requireModel();
      const ids = promptIds(model, prompt, chat);
      const stream = createTextStream(model.tokenizer, { skipSpecial: true });
      let text = "";
      const show = (piece: string) => {
        text += piece;
        if (piece !== "") onText(text);
      };
      const onToken = (_: number, token: number) => {
        show(stream.push(token));
        return true;
      };
      await answer(model, state.adapter, [ids], { maxTokens, temperature, seed, useAdapter: adapter, onToken });
      show(stream.end());
      return text;
    },

    exportAdapter: async () => {
      const model = requireModel();
      const { layout, buffer } = requireAdapter();
      const flat = new Float32Array(await model.runtime.target.read(buffer));
      return peftFiles(model, layout, flat);
    },

    loadAdapter: async (files) => {
      idle();
      const model = requireModel();
      const { rank, alpha, targets, tensors } = await readPeft(files, {
        layers: model.arch.layers,
        shapeOf: (projection) => projectionShape(model.arch, projection),
      });
      const layout = adapterLayout(model.arch, { rank, alpha, targets });
      const buffer = model.runtime.target.allocate(layout.length * 4, "adapter");
      model.runtime.target.write(buffer, packAdapter(layout, tensors));
      dropAdapter();
      state.adapter = { layout, buffer };
      return { rank, alpha };
    },

    score: async (file, input, useAdapter) => {
      const text = { name: file.name, text: await file.blob.text() };
      return scoreRows(requireModel(), useAdapter ? requireAdapter() : undefined, text, parseRecipe(input));
    },

    initialAdapter: async (input) => {
      const model = requireModel();
      const recipe = parseRecipe(input);
      const layout = adapterLayout(model.arch, recipe.lora);
      return peftFiles(model, layout, initialAdapter(layout, recipe.seed));
    },

    inspect: (source, dtype, input, tokens) => inspectModel(platform, source, dtype, parseRecipe(input), tokens),

    bench: async (input, tokens) => benchStep(requireModel().runtime, parseRecipe(input), tokens),

    release: async () => {
      const { target } = await platform.openTarget();
      target.release();
    },
  };
}

function peftFiles(model: OpenModel, layout: AdapterLayout, flat: Float32Array): NamedFile[] {
  const { rank, alpha, targets } = layout;
  const files = exportPeft({ rank, alpha, targets, tensors: unpackAdapter(layout, flat) }, model.name, model.revision);
  return files.map(({ name, bytes }) => ({ name, blob: new Blob([bytes]) }));
}

function missing(what: string, hint: string): never {
  throw new AppError("usage", `There is no ${what} yet.`, { hint });
}

function runControls(state: State): Pick<SessionApi, "pause" | "resume" | "stop"> {
  let unpause: () => void = () => {};
  return {
    pause: async () => {
      if (!state.run || state.run.paused) return;
      state.run.paused = new Promise((resolve) => {
        unpause = resolve;
      });
    },
    resume: async () => {
      if (state.run) state.run.paused = undefined;
      unpause();
    },
    stop: async () => {
      state.download?.abort();
      if (state.run) Object.assign(state.run, { stopped: true, paused: undefined });
      unpause();
    },
  };
}

/** The ids that an answer continues: as they are, or as a user's turn of the model's template. */
function promptIds(model: OpenModel, prompt: string, chat: boolean): number[] {
  if (!chat || !model.template) return model.tokenizer.encode(prompt);
  const messages = { prompt: [{ role: "user", content: prompt }], completion: [{ role: "assistant", content: "" }] };
  return encodePrompt({ kind: "chat", ...messages }, model)?.ids ?? [];
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
