/** A model whose file is bf16: kept as it is, in half the bytes, it says to the last bit what its reading as f32 says. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromBytes } from "@/files/byte-source";
import { readHeader, readTensor, type TensorData, writeSafetensors } from "@/files/safetensors";
import { gpuByDefault } from "@/ops/check-device";
import type { Session } from "@/session/contract";
import { jsonRows, openTinySession, watch } from "@/session/tiny-session";
import type { RecipeInput } from "@/train/recipe";
import { f32ToBf16 } from "@/util/bytes";
import type { BaseDtype } from "@/worker/api/model";
import type { NamedFile } from "@/worker/api/sources";

const fixture = (name: string) => readFileSync(new URL(`../../e2e/fixtures/llama-gqa/${name}`, import.meta.url));
const texts = ["config.json", "tokenizer.json", "tokenizer_config.json"];
const recipe: RecipeInput = {
  data: { holdout: 0, maxLength: 64 },
  lora: { rank: 4, alpha: 8 },
  optimizer: { learningRate: 5e-3 },
  schedule: { steps: 2 },
  batch: { size: 4 },
};
const rows = Array.from({ length: 8 }, (_, i) => ({ prompt: `${i} and one: `, completion: `${i + 1}` }));
const file = { name: "rows.jsonl", blob: new Blob([rows.map((row) => JSON.stringify(row)).join("\n")]) };

/** The fixture with every tensor rounded to bf16. */
async function brainModel(): Promise<NamedFile[]> {
  const source = fromBytes(fixture("model.safetensors"));
  const tensors = new Map<string, TensorData>();
  for (const [name, entry] of await readHeader(source)) {
    tensors.set(name, { dtype: "BF16", shape: entry.shape, data: f32ToBf16(await readTensor(source, entry)) });
  }
  const weights = { name: "model.safetensors", blob: new Blob([writeSafetensors(tensors)]) };
  return [weights, ...texts.map((name) => ({ name, blob: new Blob([fixture(name)]) }))];
}

describe.each(["cpu", "webgpu"] as const)("on %s", (engine) => {
  let session: Session;
  let files: NamedFile[];
  beforeAll(async () => {
    const onGpu = { openTarget: async () => ({ target: await gpuByDefault(), notice: "" }) };
    session = await openTinySession(engine === "webgpu" ? onGpu : {});
    files = await brainModel();
  });
  afterAll(() => session.release());

  async function says(opened: readonly NamedFile[], dtype: BaseDtype) {
    const info = await session.openModel({ kind: "files", name: "tiny", files: [...opened] }, () => {}, dtype);
    const scores = await session.score(file, recipe, false);
    // Gradients through each format are the ops' own tests; on a software GPU a run would take ten seconds here.
    if (engine === "webgpu") return { info, scores, losses: [] };
    await session.openDataset(jsonRows(rows), recipe);
    const seen = watch(session);
    await session.train(recipe, seen.onEvent);
    return { info, scores, losses: [...seen.losses] };
  }

  test("safetensors and GGUF are read as they are, and say what f32 says", async () => {
    const wide = await says(files, "f32");
    const kept = await says(files, "auto");
    expect(wide.info.weightFormat).toBe("f32");
    expect(kept.info.weightFormat).toBe("bf16");
    // Norms stay f32.
    expect(kept.info.weightBytes).toBeLessThan(0.51 * wide.info.weightBytes);
    expect(wide.losses).toHaveLength(engine === "cpu" ? 2 : 0);
    expect({ scores: kept.scores, losses: kept.losses }).toEqual({ scores: wide.scores, losses: wide.losses });

    await session.openModel({ kind: "files", name: "tiny", files }, () => {}, "f32");
    const gguf = await session.exportModel({ format: "gguf", quant: "bf16" }, () => {});
    const packed = await says(
      gguf.filter(({ name }) => name.endsWith(".gguf")),
      "auto",
    );
    expect(packed.info).toMatchObject({ weightFormat: "bf16", weightBytes: kept.info.weightBytes });
    expect(packed.scores.map(({ nll }) => nll)).toEqual(wide.scores.map(({ nll }) => nll));
  });
});
