/** model.safetensors.index.json: which file of a model in several holds which tensor. */
import * as z from "zod/mini";
import { AppError } from "@/errors";

export const INDEX_FILE = "model.safetensors.index.json";

const Index = z.looseObject({
  weight_map: z.record(z.string(), z.string().check(z.regex(/^\w[\w.-]*\.safetensors$/))),
});

/** Names of the files, each once, in order. Throws "file/malformed". */
export function shardNames(text: string): string[] {
  const names = [...new Set(Object.values(parse(text)))].sort();
  if (names.length > 0 && names.length <= 1000) return names;
  throw malformed(`It lists ${names.length} files.`);
}

function parse(text: string): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(text.trimStart().startsWith("<") ? "It is a web page." : "It is not JSON.", cause);
  }
  const parsed = z.safeParse(Index, value);
  if (!parsed.success) throw malformed("It has no weight_map from tensors to files beside it.", parsed.error);
  return parsed.data.weight_map;
}

/** Throws "model/missing-file" that names every shard that is not there. */
export function requireShards(wanted: readonly string[], present: ReadonlySet<string>): void {
  const missing = wanted.filter((name) => !present.has(name));
  if (missing.length === 0) return;
  const shown = missing.slice(0, 6).join(", ");
  const more = missing.length > 6 ? ` and ${missing.length - 6} more` : "";
  throw new AppError(
    "model/missing-file",
    `The weights lie in ${wanted.length} files, and ${missing.length} of them are not here: ${shown}${more}.`,
    { hint: "Get all of them; the index lists them." },
  );
}

function malformed(why: string, cause?: unknown): AppError {
  return new AppError("file/malformed", `${INDEX_FILE} cannot be read. ${why}`, {
    hint: "Take it from the same model as the weights.",
    cause,
  });
}
