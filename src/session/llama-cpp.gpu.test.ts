/**
 * llama.cpp itself reads what was exported: it must say what our engine says with the adapter on. Asked for by
 * BURNISH_LLAMA_CPP=FILE, the script that asks it (e2e/oracle/llama-cpp/answer.mjs); BURNISH_SMOLLM2=FILE.gguf adds the real
 * model. Its kernels round activations to the weights' width, so a greedy text may part where two tokens are close.
 */
import { execFile } from "node:child_process";
import { openAsBlob } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import * as z from "zod/mini";
import type { Adapter } from "@/export/peft";
import { writeExport } from "@/export/write";
import { adapterLayout, packAdapter } from "@/model/adapter";
import { answer } from "@/session/answers";
import { chooseTarget } from "@/session/choose-target";
import { planExport } from "@/session/export";
import { exportBase } from "@/session/export-base";
import { type OpenModel, openModel } from "@/session/open-model";
import { readModel } from "@/session/read-model";
import { diskExports } from "@/storage/disk-files";
import { storeSink } from "@/storage/export-sink";
import { PROJECTIONS } from "@/train/recipe";
import { createRandom } from "@/util/random";
import type { ExportFormat } from "@/worker/api/export";
import type { NamedFile } from "@/worker/api/sources";

const { BURNISH_LLAMA_CPP: script, BURNISH_SMOLLM2: smollm2 } = process.env;
const MAX_TOKENS = 32;
const CLOSE = 0.05;

const PROMPTS = [
  ...["Once upon a time", "The little girl", "A dog and a cat", "In the morning", "He said that", "They went to the"],
  ...["The sun was", "Her mother", "One day, a boy named Tom", "It was raining", "The bird", "We like to"],
  ...[
    '"Hello," said',
    "There are 12 of",
    "My friend's house",
    "Why do",
    "The red ball  rolled",
    "User: play music\nCall:",
  ],
  ...["Yes!\n\nThen", "At the end"],
];
const TEXT = `Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her friends.
One day she saw a big dog. The dog was very happy and wanted to play with her. Lily threw the ball and the dog ran to get it.
Her mom said it was time to go home. Lily was sad, but she knew that she could come back the next day to play again.
The next morning the sun was shining. Lily and her mom went to the park, and the dog was there. They were the best of friends.
In winter the park was white. The pond froze, and the children put on warm coats and walked slowly over the snow. Lily made a
tall snowman with a carrot for a nose and two stones for eyes. Her father gave it an old hat. When the wind blew the hat away,
the dog found it under a tree and brought it back. Everybody laughed, and they all went inside to drink hot chocolate.
In spring the snow was gone. Small flowers grew beside the path, and birds came back from far away to build their nests. Lily
counted five eggs in one of them. She told her teacher about it at school, and the teacher asked the class to draw what they
had seen. Some drew birds, some drew trees, and one boy drew a map of the whole park with every bench and every gate.`;
/** A large vocabulary makes every token's loss dear. */
const SHORT = TEXT.slice(0, 800);

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

const named = async (path: string): Promise<NamedFile> => ({
  name: path.split("/").at(-1) ?? path,
  blob: await openAsBlob(path),
});

/** A random pair on every projection, small enough to leave the model its language. */
function randomAdapter({ arch }: OpenModel, size: number): Adapter {
  const [rank, alpha] = [4, 8];
  const random = createRandom(7, 1);
  const layout = adapterLayout(arch, { rank, alpha, targets: PROJECTIONS });
  const fill = (length: number, bound: number) => Float32Array.from({ length }, () => (2 * random.float() - 1) * bound);
  const tensors = layout.slots.map(({ key, inputs, outputs }) => {
    return [key, { a: fill(rank * inputs, inputs ** -0.5), b: fill(outputs * rank, size) }] as const;
  });
  return { rank, alpha, targets: PROJECTIONS, tensors: new Map(tensors) };
}

async function ourAnswers(model: OpenModel, adapter: Adapter) {
  const prompts = PROMPTS.map((prompt) => model.tokenizer.encode(prompt));
  const layout = adapterLayout(model.arch, adapter);
  const { target } = model.runtime;
  const buffer = target.allocate(layout.length * 4, "adapter");
  target.write(buffer, packAdapter(layout, adapter.tensors));
  const options = { maxTokens: MAX_TOKENS, temperature: 0, seed: 1, useAdapter: true };
  const ids = await answer(model, { layout, buffer }, prompts, options);
  return prompts.map((promptIds, i) => ({ promptIds, ids: ids[i] ?? [] }));
}

const Said = z.object({
  answers: z.array(z.object({ promptIds: z.array(z.int()), ids: z.array(z.int()), gaps: z.array(z.number()) })),
  nll: z.optional(z.number()),
});
type Said = z.infer<typeof Said>;

async function ask(folder: string, jobs: readonly object[]): Promise<Said[]> {
  const file = join(folder, "jobs.json");
  await writeFile(file, JSON.stringify(jobs));
  const { stdout } = await promisify(execFile)(process.execPath, [script ?? "", file], { maxBuffer: 1e8 });
  return z.parse(z.array(Said), JSON.parse(stdout));
}

/** The merged safetensors in `folder` as a GGUF whose every matrix is F16; the circle from a GGUF base and back. */
async function roundTrip(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^(model\.safetensors|.*\.json)$/.test(name));
  const files = await Promise.all(names.map((name) => named(join(folder, name))));
  const unlimited = { memoryBudget: 1e12, maxBindingBytes: 1e12, maxBufferBytes: 1e12 };
  const parts = await readModel({ name: "circle", files }, "auto", unlimited);
  const plan = await planExport({ base: await exportBase(parts), name: "circle" }, "gguf", "f16");
  const place = diskExports(folder);
  await writeExport(plan, storeSink(folder, place.folder, place.room));
  return join(folder, plan.files[0]?.name ?? "");
}

/** What parts where llama.cpp's two best logits are not close, and ids of prompts that differ. */
function partings(ours: Awaited<ReturnType<typeof ourAnswers>>, { answers }: Said): string[] {
  return ours.flatMap(({ promptIds, ids }, i) => {
    const theirs = answers[i];
    if (String(theirs?.promptIds) !== String(promptIds))
      return [`prompt ${i}: ${theirs?.promptIds}, ours ${promptIds}`];
    const at = ids.findIndex((id, step) => id !== theirs?.ids[step]);
    const gap = at < 0 ? 0 : (theirs?.gaps[at] ?? 1);
    return gap < CLOSE ? [] : [`prompt ${i} at ${at}: ${theirs?.ids[at]}, ours ${ids[at]}, logits ${gap} apart`];
  });
}

async function exported(
  name: string,
  files: NamedFile[],
  size: number,
  wanted: readonly [ExportFormat, string, boolean][],
) {
  const folder = await mkdtemp(join(tmpdir(), "burnish-llama-cpp-"));
  folders.push(folder);
  const { target } = await chooseTarget("cpu", undefined);
  const parts = await readModel({ name, files }, "auto", target.limits);
  const model = await openModel(target, parts, () => {});
  const adapter = randomAdapter(model, size);
  const base = await exportBase(parts);
  const place = diskExports(folder);
  const paths: string[] = [];
  for (const [format, quant, tuned] of wanted) {
    const input = { base, name: tuned ? "tuned" : "base", ...(tuned ? { adapter } : {}) };
    const plan = await planExport(input, format, quant);
    await writeExport(plan, storeSink(folder, place.folder, place.room));
    paths.push(join(folder, plan.files[0]?.name ?? ""));
  }
  const ours = await ourAnswers(model, adapter);
  target.release();
  return { folder, paths, ours };
}

describe.skipIf(!script)("the bundled model in llama.cpp", () => {
  test("says the same words from F32 and F16, and with the LoRA beside its base; fewer bits cost little", {
    timeout: 400_000,
  }, async () => {
    const root = fileURLToPath(new URL("../../public/models/ember/", import.meta.url));
    const names = (await readdir(root)).filter((name) => /\.(json|safetensors)$/.test(name));
    const files = await Promise.all(names.map((name) => named(join(root, name))));
    const { folder, paths, ours } = await exported("bundled:ember", files, 0.15, [
      ["gguf", "f32", true],
      ["gguf", "f16", true],
      ["gguf", "q8_0", true],
      ["gguf", "q4_k_m", true],
      ["gguf", "f32", false],
      ["gguf-lora", "f32", true],
    ]);
    const [f32, f16, q8, q4, base, lora] = paths;
    const greedy = { prompts: PROMPTS, maxTokens: MAX_TOKENS };
    const said = await ask(folder, [
      { model: f32, ...greedy },
      { model: f16, ...greedy, text: TEXT },
      { model: q8, text: TEXT },
      { model: q4, text: TEXT },
      { model: base, lora, ...greedy },
      { model: base, ...greedy },
    ]);
    const [fromF32, fromF16, fromQ8, fromQ4, withLora, plain] = said as [Said, Said, Said, Said, Said, Said];
    for (const one of [fromF32, fromF16, withLora]) expect(partings(ours, one)).toEqual([]);
    // The adapter matters, so the agreement above says something.
    expect(partings(ours, plain).length).toBeGreaterThan(5);
    expect(Math.abs(Math.expm1((fromQ8.nll ?? Number.NaN) - (fromF16.nll ?? 0)))).toBeLessThan(0.01);
    expect(Math.abs(Math.expm1((fromQ4.nll ?? Number.NaN) - (fromF16.nll ?? 0)))).toBeLessThan(0.05);
  });
});

describe.skipIf(!script || !smollm2)("SmolLM2-135M, from a GGUF base, in llama.cpp", () => {
  test("says the same words after the whole circle; fewer bits, and the LoRA, cost little", {
    timeout: 400_000,
  }, async () => {
    const { folder, paths, ours } = await exported("smollm2", [await named(smollm2 ?? "")], 0.03, [
      ["safetensors", "f32", true],
      ["gguf", "q8_0", true],
      ["gguf", "q4_k_m", true],
      ["gguf-lora", "f32", true],
    ]);
    const [, q8, q4, lora] = paths;
    const said = await ask(folder, [
      { model: await roundTrip(folder), prompts: PROMPTS, maxTokens: MAX_TOKENS, text: SHORT },
      { model: q8, text: SHORT },
      { model: q4, text: SHORT },
      { model: smollm2, lora, text: SHORT },
    ]);
    const [fromF16, fromQ8, fromQ4, withLora] = said as [Said, Said, Said, Said];
    const apart = ({ nll = Number.NaN }: Said) => Math.abs(Math.expm1(nll - (fromF16.nll ?? 0)));
    console.log("SmolLM2 perplexity:", ...said.map(({ nll }) => Math.exp(nll ?? Number.NaN).toFixed(3)));
    expect(partings(ours, fromF16)).toEqual([]);
    expect(apart(fromQ8)).toBeLessThan(0.01);
    // The goal is 5 %; llama.cpp's own quantiser writes the same bytes (check_quantise.py), and they cost this model 8.4 %.
    expect(apart(fromQ4)).toBeLessThan(0.1);
    expect(apart(withLora)).toBeLessThan(0.02);
  });
});
