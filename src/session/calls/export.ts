/** The result out of the session: merged or alone, in every format, as files that are made while they are written. */
import type { ExportPlan } from "@/export/format";
import { type Adapter, readPeft } from "@/export/peft";
import { fileStem, writeExport } from "@/export/write";
import { projectionShape } from "@/model/architecture";
import type { Session } from "@/session/contract";
import type { Core } from "@/session/core";
import { outline, planExport } from "@/session/export";
import { exportBase } from "@/session/export-base";
import { modelFiles } from "@/session/model-files";
import { readModel } from "@/session/read-model";
import { exportInput, readTrained } from "@/session/trained";
import { storeSink } from "@/storage/export-sink";
import type { ExportChoice } from "@/worker/api/export";
import type { NamedFile } from "@/worker/api/sources";

type ExportCalls = Pick<Session, "planExport" | "exportModel" | "exportFrom">;

/** Nothing goes to a device, so none limits it. */
const BOUNDLESS = Number.POSITIVE_INFINITY;
const NO_LIMITS = { memoryBudget: BOUNDLESS, maxBindingBytes: BOUNDLESS, maxBufferBytes: BOUNDLESS };

export function exportCalls({ platform, state, requireIdle, requireModel }: Core): ExportCalls {
  /** What the open model and the adapter that is loaded, if any, come to. */
  const planOpen = async ({ format, quant, name }: ExportChoice): Promise<ExportPlan> => {
    const model = requireModel();
    const trained = state.adapter && (await readTrained(model, state.adapter));
    const input = await exportInput(model, trained, name ?? fileStem(model.name));
    return planExport(input, format, quant, model.revision);
  };

  return {
    planExport: async (choice) => outline(await planOpen(choice)),

    exportModel: async (choice, onProgress) => {
      requireIdle();
      const plan = await planOpen(choice);
      const { folder, room } = platform.exports;
      state.download = new AbortController();
      const { signal } = state.download;
      const sink = storeSink((await folder("")).place, folder, room);
      await writeExport(plan, sink, { onProgress, signal }).finally(() => delete state.download);
      return Promise.all(plan.files.map(({ name }) => written(name, folder)));
    },

    exportFrom: async (source, adapterFiles, choice, sink, onProgress) => {
      const given = await modelFiles(platform, source, { onProgress: () => {} });
      const parts = await readModel(given, "auto", NO_LIMITS);
      let adapter: Adapter | undefined;
      if (adapterFiles) {
        const shapeOf = (projection: Parameters<typeof projectionShape>[1]) => projectionShape(parts.arch, projection);
        adapter = await readPeft(adapterFiles, { layers: parts.arch.layers, shapeOf });
      }
      const name = choice.name ?? fileStem(parts.name);
      const plan = await planExport(
        { base: await exportBase(parts), adapter, name },
        choice.format,
        choice.quant,
        parts.revision,
      );
      await writeExport(plan, sink, { onProgress });
      return outline(plan);
    },
  };
}

async function written(
  name: string,
  folder: (name: string) => Promise<{ get(name: string): Promise<Blob | null> }>,
): Promise<NamedFile> {
  const border = name.lastIndexOf("/");
  const blob = await (await folder(name.slice(0, Math.max(0, border)))).get(name.slice(border + 1));
  return { name, blob: blob ?? new Blob() };
}
