/** An export read again by someone else, against what is open: the same prompts, and the run's own held-out cases. */
import { AppError } from "@/errors";
import { gradeCase } from "@/eval/report";
import { compareSides, NEAR_TIE, type Said } from "@/export/self-test";
import { fromBlob } from "@/files/byte-source";
import { readGguf } from "@/files/gguf";
import { casesOf } from "@/session/compare";
import type { Core } from "@/session/core";
import { nextTokens } from "@/session/next-token";
import type { OpenModel } from "@/session/open-model";
import { ggufLoraReader } from "@/session/readers/gguf-lora-reader";
import { onnxReader } from "@/session/readers/onnx-reader";
import { mergedReader, openReader, peftReader } from "@/session/readers/own-reader";
import type { Reader } from "@/session/readers/reader";
import { type ChatTemplate, createChatTemplate, findChatTemplate } from "@/tokenizer/chat-template";
import { ggufTokenizer } from "@/tokenizer/gguf-tokenizer";
import { createTokenizer } from "@/tokenizer/tokenizer";
import type { ExportOutline } from "@/worker/api/export";
import type { OutsideAsk, SelfTest } from "@/worker/api/self-test";
import type { NamedFile } from "@/worker/api/sources";

const PROMPTS = 8;
const CASES = 24;
const TOKENS = 24;
/** Of a prompt; all of them go through the model in one pass. */
const LONGEST = 160;
/** For a model without data beside it. */
const GENERAL = ["The ", "Once upon a time", "User: Hello!\nAssistant:", "Water is", "1, 2, 3,", "My name is"];

/** `ask` is a reader outside the session (llama.cpp in the page); without one the session brings its own. */
export async function selfTest(
  core: Core,
  made: Pick<ExportOutline, "format" | "quant">,
  files: readonly NamedFile[],
  ask: OutsideAsk | null,
  onProgress: (done: number, total: number) => void,
): Promise<SelfTest> {
  const model = core.requireModel();
  const { prompts, cases } = await questions(core, model);
  const total = 2 * (prompts.length + cases.length);
  let done = 0;
  const add = (count: number) => {
    done += count;
    return done;
  };
  const told = async (reader: Reader) => {
    const said = await reader.answers(prompts, TOKENS, true);
    onProgress(add(prompts.length), total);
    const tokens = Math.max(1, ...cases.map(({ expected }) => model.tokenizer.encode(expected).length)) + 4;
    const answers =
      cases.length === 0
        ? []
        : await reader.answers(
            cases.map(({ prompt }) => prompt),
            tokens,
            false,
          );
    onProgress(add(cases.length), total);
    return { said, passed: cases.filter(({ prompt, expected }, i) => passes(prompt, expected, answers[i])).length };
  };
  const ours = await told(openReader(model, core.state.adapter));
  const reader = ask ? await outside(ask, files) : await insider(core, model, made, files);
  try {
    const theirs = await told(reader);
    return compareSides({
      ...{ reader: reader.name, quant: made.quant, pageFormat: model.info.weightFormat, prompts },
      ...{
        ours: ours.said,
        theirs: theirs.said,
        nearTies: await nearTies(core, model, prompts, ours.said, theirs.said),
      },
      ...(reader.template === undefined
        ? {}
        : { rendered: { ours: rendered(model.template), theirs: rendered(reader.template) } }),
      cases: { n: cases.length, ours: ours.passed, theirs: theirs.passed },
    });
  } finally {
    await reader.release();
  }
}

function passes(prompt: string, expected: string, said: Said | undefined): boolean {
  return gradeCase({ prompt, expected, base: "", tuned: said?.text ?? "" }).tunedPassed;
}

/** The run's own prompts and held-out cases; a general few where there is no data. */
async function questions({ state, datasetFor }: Core, model: OpenModel) {
  const short = (prompt: string) => {
    const { length } = model.tokenizer.encode(prompt);
    return length > 0 && length <= LONGEST;
  };
  const held = state.source ? (await datasetFor(state.recipe)).eval : [];
  const cases = held.some(({ promptIds }) => promptIds.length > 0)
    ? casesOf(held, state.recipe)
        .filter(({ prompt }) => short(prompt))
        .slice(0, CASES)
    : [];
  const own = [...state.recipe.evaluate.samples, ...cases.map(({ prompt }) => prompt)].filter(short);
  const prompts = [...new Set([...own, ...(own.length < 4 ? GENERAL.filter(short) : [])])].slice(0, PROMPTS);
  return { prompts, cases };
}

async function insider(
  { platform }: Core,
  model: OpenModel,
  { format }: Pick<ExportOutline, "format">,
  files: readonly NamedFile[],
): Promise<Reader> {
  if (format === "onnx") return onnxReader(await platform.onnxruntime(), files);
  if (format === "peft") return peftReader(model, files);
  if (format !== "gguf-lora")
    return mergedReader(
      model,
      files.filter(({ name }) => !name.includes("/")),
    );
  const file = files.find(({ name }) => name.endsWith(".gguf"));
  if (!file) throw new AppError("internal", "There is no GGUF in the export.");
  return ggufLoraReader(model, file.blob);
}

/** How many of the texts part where the open model itself finds two tokens about equally likely. */
async function nearTies(
  { state }: Core,
  { tokenizer, runtime }: OpenModel,
  prompts: readonly string[],
  ours: readonly Said[],
  theirs: readonly Said[],
): Promise<number> {
  const partings = prompts.flatMap((prompt, i) => {
    const [own = "", other = ""] = [ours[i]?.text, theirs[i]?.text];
    if (own.trim() === other.trim()) return [];
    const ids = tokenizer.encode(own);
    const shared = (count: number) => other.startsWith(tokenizer.decode(ids.slice(0, count), { skipSpecial: true }));
    let count = 0;
    while (count < ids.length && shared(count + 1)) count++;
    return [[...tokenizer.encode(prompt), ...ids.slice(0, count)]];
  });
  if (partings.length === 0) return 0;
  const leads = await nextTokens(runtime, state.adapter, partings, 2);
  const gaps = leads.map(([first, second]) => (first?.logProbability ?? 0) - (second?.logProbability ?? 0));
  return gaps.filter((gap) => gap < NEAR_TIE).length;
}

const CONVERSATION = [
  { role: "user", content: "Hello!" },
  { role: "assistant", content: "Good morning." },
  { role: "user", content: "And now?" },
];

function rendered(template: ChatTemplate | null): string {
  if (template === null) return "";
  try {
    return template.render(CONVERSATION, { addGenerationPrompt: true });
  } catch (error) {
    return `refused: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function outside(ask: OutsideAsk, files: readonly NamedFile[]): Promise<Reader> {
  const file = files.find(({ name }) => name.endsWith(".gguf"));
  return {
    name: "llama.cpp in WebAssembly",
    ...(file ? { template: await ggufTemplate(file.blob) } : {}),
    answers: async (prompts, maxTokens) => {
      const said: Said[] = [];
      for (const prompt of prompts) said.push(await ask(prompt, maxTokens));
      return said;
    },
    release: async () => {},
  };
}

async function ggufTemplate(file: Blob): Promise<ChatTemplate | null> {
  const { tokenizerJson, configJson, eosIds } = ggufTokenizer((await readGguf(fromBlob(file))).metadata);
  const source = findChatTemplate(configJson);
  if (source === null) return null;
  return createChatTemplate(source, createTokenizer(tokenizerJson, configJson, eosIds).specialTokens);
}
