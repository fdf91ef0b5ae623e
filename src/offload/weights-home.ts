/**
 * Whole weights of a result: a model of its own, too large to come along unasked. A full fine-tune has them in `model/`, an
 * adapter that was merged in `merged/`; both are folders that open as a model.
 */
import { AppError } from "@/errors";
import type { NamedFile } from "@/worker/api/sources";
import { type ResultPlace, readResult, verified } from "./bring-home";
import type { JobResult } from "./job-result";

const LARGEST = 4_000_000_000;

const filesOf = ({ weights, files }: JobResult) => {
  const folder = weights === "full" ? "model/" : "merged/";
  return { folder, files: files.filter(({ path }) => path.startsWith(folder)) };
};

const bytesOf = (files: readonly { readonly bytes: number }[]) => files.reduce((sum, { bytes }) => sum + bytes, 0);
const size = (bytes: number) => (bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

/** Where they lie and how to open them; null of an adapter, which came home itself. */
export function whereWeights(result: JobResult, place: string): string | null {
  if (result.weights !== "full" || result.status !== "done") return null;
  const { folder, files } = filesOf(result);
  const gguf = result.gguf.map(({ file }) => file);
  const also = gguf.length > 0 ? `, and as ${gguf.join(" and ")}` : "";
  return `All weights were trained; they lie in ${place}, ${folder} (${size(bytesOf(files))})${also}. \`burnish jobs fetch JOB --out DIR\`, or "Whole weights" in the room Jobs, brings them home, verified; the folder then opens as a model: --model DIR, or in the page as your own.`;
}

/** Every file of the folder, by its name in it. Throws as `bringHome` does, and "file/too-large" for what no memory holds. */
export async function bringWeights(place: ResultPlace): Promise<NamedFile[]> {
  const { result } = await readResult(place);
  const { folder, files } = filesOf(result);
  if (files.length === 0) {
    throw new AppError("usage", `The result in ${place.name} has no ${folder}: no whole weights were written.`, {
      hint:
        result.status === "done" ? "Export them here: burnish export --format safetensors." : "It was stopped before.",
    });
  }
  if (bytesOf(files) > LARGEST) {
    throw new AppError("file/too-large", `${folder} of ${place.name} has ${size(bytesOf(files))}.`, {
      hint: "Take it with `hf buckets sync hf://buckets/OWNER/burnish-jobs/JOB/out/model DIR`, which writes piece by piece.",
    });
  }
  const home: NamedFile[] = [];
  for (const file of files) home.push({ name: file.path.slice(folder.length), blob: await verified(place, file) });
  return home;
}
