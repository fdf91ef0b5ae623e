/** Who answers beside the open model: further models on this engine, ONNX models, servers. */
import { AppError } from "@/errors";
import type { Price, Provider } from "@/eval/provider";
import { onnxProvider } from "@/eval/providers/onnx";
import { openAIProvider } from "@/eval/providers/openai";
import { onnxFileOf } from "@/hub/choose-files";
import { PATIENCE } from "@/hub/client";
import { listFiles } from "@/hub/models";
import { formatReference, parseReference } from "@/hub/reference";
import { releaseRuntime } from "@/model/runtime";
import { modelHash } from "@/session/content-hashes";
import type { Core } from "@/session/core";
import { engineProvider } from "@/session/engine-provider";
import { filesHash } from "@/session/files-hash";
import { modelFiles } from "@/session/model-files";
import { type OpenModel, openModel } from "@/session/open-model";
import type { Platform } from "@/session/platform";
import { readModel } from "@/session/read-model";
import { checkpointOf, idleRun, requireModelOf } from "@/session/reopen";
import { layoutFor } from "@/session/trained";
import { sha256Hex } from "@/util/sha256";
import type { ModelSource } from "@/worker/api/sources";

export type OtherModel =
  /** The key stays in memory: it is in no report, hash or message. */
  | {
      readonly kind: "endpoint";
      readonly baseUrl: string;
      readonly model: string;
      readonly key?: string;
      readonly price?: Price;
      /** For one answer; a server's own limits unless given. */
      readonly timeoutMs?: number;
    }
  | { readonly kind: "onnx"; readonly source: ModelSource }
  | { readonly kind: "model"; readonly source: ModelSource }
  /** The open model with the best checkpoint of a kept run. */
  | { readonly kind: "run"; readonly id: string };

/** The open model without and, where there is one, with its adapter. */
export async function openProviders(core: Core): Promise<{ base: Provider; tuned?: Provider } | null> {
  const { model, adapter } = core.state;
  if (!model) return null;
  const id = await weightsId(model);
  const base = engineProvider(model, undefined, id);
  if (!adapter) return { base };
  const bytes = await model.runtime.target.read(adapter.buffer);
  const weights = `${await sha256Hex(new Uint8Array(bytes))} ${adapter.layout.scale}`;
  return { base, tuned: engineProvider(model, adapter, `${id} adapter ${weights}`) };
}

/** With the width at which the weights are kept, which decides near ties too. */
const weightsId = async (model: OpenModel) => `model ${await modelHash(model)} ${model.info.weightFormat}`;

export function otherProvider(core: Core, other: OtherModel): Promise<Provider> {
  if (other.kind === "endpoint") {
    const { timeoutMs: ms } = other;
    return Promise.resolve(openAIProvider(ms ? { ...other, limits: { idleMs: ms, totalMs: ms } } : other));
  }
  if (other.kind === "run") return keptRun(core, other.id);
  return other.kind === "onnx" ? onnxModel(core.platform, other.source) : engineModel(core.platform, other.source);
}

/** Throws "usage" where the run was trained on another model than the one that is open. */
async function keptRun(core: Core, id: string): Promise<Provider> {
  const model = core.requireModel();
  const record = await idleRun(core, id);
  requireModelOf(core, record);
  const { adapter: values } = await checkpointOf(core, record, "best");
  const { target } = model.runtime;
  const layout = layoutFor(model, record.recipe);
  const buffer = target.allocate(layout.length * 4, `adapter of ${id}`);
  target.write(buffer, values);
  const weights = await sha256Hex(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const provider = engineProvider(
    model,
    { layout, buffer },
    `${await weightsId(model)} adapter ${weights} ${layout.scale}`,
  );
  return { ...provider, name: record.name, release: async () => target.free(buffer) };
}

async function engineModel(platform: Platform, source: ModelSource): Promise<Provider> {
  const { target } = await platform.openTarget();
  const parts = await readModel(await modelFiles(platform, source), "auto", target.limits);
  const model = await openModel(target, parts, () => {});
  const provider = engineProvider(model, undefined, await weightsId(model));
  return { ...provider, release: async () => releaseRuntime(model.runtime) };
}

async function onnxModel(platform: Platform, source: ModelSource): Promise<Provider> {
  if (!platform.transformers) {
    throw new AppError("usage", "ONNX models cannot be run here.", { hint: "Use the page or the command line." });
  }
  const { name, files } = await modelFiles(platform, await named(platform, source));
  // One file of weights: a folder may hold the same model at several widths.
  const chosen = onnxFileOf(
    files.map((file) => file.name),
    name,
  );
  const kept = files.filter((file) => !/\.onnx(_data.*)?$/.test(file.name) || file.name.startsWith(chosen));
  const { library, devices } = await platform.transformers();
  return onnxProvider(library, { name, id: `onnx ${await filesHash(kept)}`, files: kept, devices });
}

/** On the Hub a file of weights is always named; unless someone did, the list of files decides. */
async function named({ hub }: Platform, source: ModelSource): Promise<ModelSource> {
  if (source.kind !== "hub") return source;
  const reference = parseReference(source.reference);
  if (reference.file !== undefined) return source;
  const { files, repo } = await listFiles({ ...hub, token: source.token ?? hub.token, patience: PATIENCE }, reference);
  const file = onnxFileOf(
    files.map(({ path }) => path),
    repo,
  );
  return { ...source, reference: formatReference({ ...reference, file }) };
}
