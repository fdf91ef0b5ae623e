/** Exports of a tiny model with an adapter, in every format, read again by someone else; and broken ones, which must show. */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeCages } from "@/eval/sandbox/node-cage";
import { createSandbox } from "@/eval/sandbox/sandbox";
import { fromBytes } from "@/files/byte-source";
import { readGguf } from "@/files/gguf";
import { interleave } from "@/model/gguf";
import { chooseTarget } from "@/session/choose-target";
import type { Session } from "@/session/contract";
import { createSession } from "@/session/session";
import { memoryLocks } from "@/storage/locks";
import { memoryFiles } from "@/storage/memory-files";
import { memoryRecords } from "@/storage/records";
import type { ExportChoice } from "@/worker/api/export";
import type { NamedFile } from "@/worker/api/sources";

const FIXTURE = new URL("../../e2e/fixtures/llama-gqa/", import.meta.url);
const named = (folder: string, wanted: RegExp): NamedFile[] =>
  readdirSync(new URL(folder, FIXTURE))
    .filter((name) => wanted.test(name))
    .map((name) => ({ name, blob: new Blob([readFileSync(new URL(`${folder}${name}`, FIXTURE))]) }));
/** Columns of one head of the fixture. */
const HEAD = 16;
const ROWS = Array.from({ length: 12 }, (_, i) => JSON.stringify({ prompt: `${i} and one: `, completion: `${i + 1}` }));

let session: Session;
beforeAll(async () => {
  const target = chooseTarget("cpu", undefined);
  const stores = new Map<string, ReturnType<typeof memoryFiles>>();
  const folder = async (name: string) => {
    const found = stores.get(name) ?? memoryFiles();
    stores.set(name, found);
    return found;
  };
  session = createSession({
    openTarget: () => target,
    bundled: () => Promise.reject(new Error("nothing bundled is needed")),
    files: async () => memoryFiles(),
    runs: async () => ({ records: memoryRecords(), files: memoryFiles(), locks: memoryLocks() }),
    jobs: async () => memoryRecords(),
    exports: { folder, room: async () => null },
    sandbox: () => createSandbox(nodeCages()),
    onnxruntime: () => import("onnxruntime-web/wasm"),
    hub: { endpoint: "http://localhost:1" },
  });
  const files = named("", /^(config|generation_config|tokenizer|tokenizer_config)\.json$|^model\.safetensors$/);
  await session.openModel({ kind: "files", name: "tiny", files }, () => {});
  await session.loadAdapter(named("adapter/", /^adapter_/));
  const data = { name: "rows.jsonl", blob: new Blob([ROWS.join("\n")]) };
  await session.openDataset({ kind: "files", name: "rows", train: data }, { data: { holdout: 0.5 } });
});
afterAll(() => session.release());

async function exported(choice: ExportChoice) {
  const made = await session.planExport(choice);
  return { made, files: await session.exportModel(choice, () => {}) };
}

const CHOICES: ExportChoice[] = [
  { format: "peft" },
  { format: "safetensors", quant: "f32" },
  { format: "safetensors", quant: "bf16" },
  { format: "gguf", quant: "f32" },
  { format: "gguf", quant: "f16" },
  { format: "gguf", quant: "q8_0" },
  { format: "gguf-lora", quant: "f32" },
  { format: "onnx", quant: "f32" },
  { format: "onnx", quant: "f16" },
  { format: "onnx", quant: "q8" },
];
test.each(CHOICES)("$format $quant says what the page says", async (choice) => {
  const { made, files } = await exported(choice);
  const { checks, passed } = await session.selfTest(made, files, null, () => {});
  expect(checks.length).toBeGreaterThanOrEqual(2);
  expect(checks.filter((check) => !check.passed)).toEqual([]);
  expect(passed).toBe(true);
});

test("a merged model without its adapter is found out", async () => {
  const choice: ExportChoice = { format: "safetensors", quant: "f32" };
  const { made, files } = await exported(choice);
  const base = named("", /^model\.safetensors$/);
  const { passed, checks } = await session.selfTest(
    made,
    files.map((file) => base.find(({ name }) => name === file.name) ?? file),
    null,
    () => {},
  );
  expect(passed).toBe(false);
  expect(checks[0]?.passed).toBe(false);
});

test("another tokenizer is found out", async () => {
  const { made, files } = await exported({ format: "onnx", quant: "f32" });
  const swapped = files.map(async ({ name, blob }) => {
    if (name !== "tokenizer.json") return { name, blob };
    return { name, blob: new Blob([(await blob.text()).replace(/"1": ?(\d+),/, '"1": 5,')]) };
  });
  const tested = await session
    .selfTest(made, await Promise.all(swapped), null, () => {})
    .catch(() => ({ passed: false }));
  expect(tested.passed).toBe(false);
});

test("a reader outside that says nothing is found out", async () => {
  const { made, files } = await exported({ format: "gguf", quant: "q8_0" });
  const { passed, reader } = await session.selfTest(
    made,
    files,
    async () => ({ text: "", next: [] }),
    () => {},
  );
  expect(reader).toBe("llama.cpp in WebAssembly");
  expect(passed).toBe(false);
});

test("a card has the recipe, the scores and the self-test, and others' text as text", async () => {
  const recipe = { schedule: { steps: 3 }, data: { holdout: 0.5 }, lora: { rank: 4, alpha: 8 } };
  await session.train({ ...recipe, evaluate: { every: 0 } }, () => {});
  await session.compare(() => {});
  const { made, files } = await exported({ format: "gguf", quant: "f16", name: "my model" });
  const tested = await session.selfTest(made, files, null, () => {});
  const companions = await session.companions(made, tested, 'odd" name\n---\n<script>');
  expect(companions.map(({ name }) => name)).toEqual([
    "README.md",
    "recipe.json",
    "run.json",
    "curves.svg",
    "train.py",
    "Modelfile",
  ]);
  // Another session, which only has the adapter and this file, says the same of the run.
  const kept = await companions[2]?.blob.text();
  await session.loadAdapter(named("adapter/", /^adapter_/));
  const later = await session.companions(made, tested, 'odd" name\n---\n<script>', kept);
  expect(later.map(({ name }) => name)).toEqual(companions.map(({ name }) => name));
  expect(await later[0]?.blob.text()).toBe(await companions[0]?.blob.text());
  const broken = await session.companions(made, tested, "x", '{"version":1,"recipe":{}}');
  expect(broken.map(({ name }) => name)).toEqual(["README.md", "Modelfile"]);
  const card = (await companions[0]?.blob.text()) ?? "";
  expect(card.split("\n---\n")).toHaveLength(2);
  expect(card.split("\n---\n")[1]).not.toContain("<script>");
  for (const part of ["## Evaluation", "95 % interval", "## Self-test", "passed: ", "rank 4, alpha 8"])
    expect(card).toContain(part);
});

describe("damage is found in every format", () => {
  const DAMAGED: ExportChoice[] = CHOICES.filter(({ quant }) => quant !== "bf16");
  test.each(DAMAGED)("$format $quant with the adapter at another scale", async (choice) => {
    const adapter = named("adapter/", /^adapter_/);
    const stronger = adapter.map(async ({ name, blob }) => {
      if (name !== "adapter_config.json") return { name, blob };
      const config = JSON.parse(await blob.text()) as { lora_alpha: number };
      return { name, blob: new Blob([JSON.stringify({ ...config, lora_alpha: 4 * config.lora_alpha })]) };
    });
    await session.loadAdapter(await Promise.all(stronger));
    const { made, files } = await exported(choice);
    await session.loadAdapter(adapter);
    expect((await session.selfTest(made, files, null, () => {})).passed).toBe(false);
  });

  /** The rows of layer 0's queries in another order, as when a converter forgets that halves become pairs. */
  async function turned(file: NamedFile): Promise<NamedFile> {
    const bytes = new Uint8Array(await file.blob.arrayBuffer());
    const { tensors } = await readGguf(fromBytes(bytes));
    const found = [...tensors].find(([name]) => /^blk\.0\.attn_q\.weight(\.lora_b)?$/.test(name))?.[1];
    if (!found) throw new Error("no queries");
    const rows = found.shape[0] ?? 1;
    const part = bytes.slice(found.offset, found.offset + found.bytes);
    bytes.set(interleave(part, found.bytes / rows, HEAD), found.offset);
    return { name: file.name, blob: new Blob([bytes]) };
  }
  test.each([
    { format: "gguf", quant: "f16" },
    { format: "gguf", quant: "q8_0" },
    { format: "gguf-lora", quant: "f32" },
  ] as ExportChoice[])("$format $quant with queries in the other order of rows", async (choice) => {
    const { made, files } = await exported(choice);
    const damaged = await Promise.all(files.map(turned));
    expect((await session.selfTest(made, damaged, null, () => {})).passed).toBe(false);
  });

  test.each([
    { format: "safetensors", quant: "f32" },
    { format: "onnx", quant: "f32" },
  ] as ExportChoice[])("$format with another chat template", async (choice) => {
    const { made, files } = await exported(choice);
    const damaged = files.map(async ({ name, blob }) => {
      if (name !== "tokenizer_config.json") return { name, blob };
      const config = JSON.parse(await blob.text()) as object;
      const template = "{% for m in messages %}{{ m.content }}{% endfor %}";
      return { name, blob: new Blob([JSON.stringify({ ...config, chat_template: template })]) };
    });
    const { checks } = await session.selfTest(made, await Promise.all(damaged), null, () => {});
    expect(checks.filter(({ passed }) => !passed).map(({ what }) => what)).toEqual([
      "the chat template renders a conversation alike",
    ]);
  });
});
