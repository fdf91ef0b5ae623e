/** Flags and operands of eval that name who answers beside the open model: servers, ONNX models, further models. */
import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { CommandContext } from "@/cli/command";
import { modelSource, wholeFolder } from "@/cli/files";
import { AppError } from "@/errors";
import { isReference } from "@/hub/reference";
import type { OtherModel } from "@/session/eval-providers";
import type { ModelSource } from "@/worker/api/sources";

export async function otherModels({ flags, operands }: CommandContext): Promise<OtherModel[]> {
  const { endpoint, "endpoint-model": names = [], onnx = [], price, timeout } = flags;
  if ((endpoint === undefined) !== (names.length === 0)) {
    throw new AppError("usage", "A server needs its address and the name of a model there.", {
      hint: "--endpoint http://127.0.0.1:8080/v1 --endpoint-model NAME; the key goes into BURNISH_ENDPOINT_KEY.",
    });
  }
  const key = process.env.BURNISH_ENDPOINT_KEY;
  const limit = timeout ? { timeoutMs: 1000 * timeout } : {};
  const rest = { ...(key ? { key } : {}), ...(price ? { price } : {}), ...limit };
  const servers = names.map((model): OtherModel => ({ kind: "endpoint", baseUrl: endpoint ?? "", model, ...rest }));
  const graphs = onnx.map(async (path): Promise<OtherModel> => ({ kind: "onnx", source: await onnxSource(path) }));
  const models = operands.map(
    async (path): Promise<OtherModel> => ({ kind: "model", source: await modelSource(path) }),
  );
  return [...(await Promise.all(models)), ...(await Promise.all(graphs)), ...servers];
}

/** A folder, one file of weights in it, or a repository. */
async function onnxSource(path: string): Promise<ModelSource> {
  if (isReference(path)) return { kind: "hub", reference: path };
  const isFile = (await stat(path).catch(() => undefined))?.isFile() ?? false;
  if (!isFile) return { kind: "files", name: basename(resolve(path)), files: await wholeFolder(path) };
  const folder = basename(dirname(path)) === "onnx" ? dirname(dirname(path)) : dirname(path);
  const files = await wholeFolder(folder);
  const own = resolve(path).slice(resolve(folder).length + 1);
  const kept = files.filter(({ name }) => !/\.onnx(_data.*)?$/.test(name) || name.startsWith(own));
  return { kind: "files", name: basename(resolve(folder)), files: kept };
}
