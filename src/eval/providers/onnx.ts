/**
 * An ONNX model through @huggingface/transformers. Its files come from the caller and are served to the library in
 * memory, so that nothing is fetched behind the caller's back. Prompts are answered one by one: padding would change
 * what a model that takes no positions says.
 */
import type { PreTrainedModel, PreTrainedTokenizer, Tensor } from "@huggingface/transformers";
import { AppError } from "@/errors";
import {
  type CompleteOptions,
  type Completion,
  type Continued,
  continuedIds,
  cutAt,
  keyOf,
  type Likelihood,
  type Prompt,
  type Provider,
  unfit,
} from "@/eval/provider";

export type Transformers = typeof import("@huggingface/transformers");

export interface OnnxModel {
  readonly name: string;
  readonly id?: string;
  /** config.json, tokenizer.json …, and one file of weights: "onnx/model_q4.onnx". */
  readonly files: readonly { readonly name: string; readonly blob: Blob }[];
  /** Tried in this order: "webgpu" then "wasm" in a page, "cpu" in Node. */
  readonly devices: readonly ("webgpu" | "wasm" | "cpu")[];
}

const HOST = "https://files.invalid/";
const shelves = new Map<string, OnnxModel["files"]>();
const TYPES = {
  "": "fp32",
  _fp16: "fp16",
  _quantized: "q8",
  _q4: "q4",
  _q4f16: "q4f16",
  _int8: "int8",
  _uint8: "uint8",
  _bnb4: "bnb4",
} as const;

/** Throws "model/unsupported" with what the library says where it cannot open the files. */
export async function onnxProvider(library: Transformers, model: OnnxModel): Promise<Provider> {
  const opened = await open(library, model);
  const { tokenizer, lm } = opened;
  const state: Opened = { ...opened, library };
  return {
    name: `${model.name} (${opened.device}, ${opened.type})`,
    ...(model.id === undefined ? {} : { id: JSON.stringify([model.id, opened.type, opened.device]) }),
    chat: Boolean(tokenizer.chat_template),
    countTokens: (text) => tokenizer.encode(text).length,
    complete: (prompts, options) => completeAll(state, prompts, options),
    likelihood: async (items) => {
      const found: Likelihood[] = [];
      for (const item of items) found.push(await likelihoodOf(state, item));
      return found;
    },
    release: async () => void (await lm.dispose()),
  };
}

interface Opened {
  readonly library: Transformers;
  readonly tokenizer: PreTrainedTokenizer;
  readonly lm: PreTrainedModel;
  readonly positions: number;
}

async function open({ env, AutoModelForCausalLM, AutoTokenizer }: Transformers, model: OnnxModel) {
  const weights = model.files.find(({ name }) => name.endsWith(".onnx"));
  const [, folder = "", stem = "", suffix = ""] =
    /^(?:(.*)\/)?(.*?)((?:_(?:fp16|quantized|q4f16|q4|int8|uint8|bnb4))?)\.onnx$/.exec(weights?.name ?? "") ?? [];
  if (!weights || !isType(suffix)) {
    throw new AppError("model/missing-file", `${model.name} has no ONNX file.`, {
      hint: "A folder for transformers.js holds onnx/model.onnx, config.json and tokenizer.json.",
    });
  }
  const shelf = `model-${shelves.size}`;
  shelves.set(shelf, model.files);
  // As a cache that holds everything; what is asked for beyond it does not exist.
  const nowhere = async () => new Response(null, { status: 404 });
  Object.assign(env, { remoteHost: HOST, remotePathTemplate: "{model}/", fetch: nowhere, allowLocalModels: false });
  Object.assign(env, { useBrowserCache: false, useFSCache: false, useWasmCache: false });
  Object.assign(env, { useCustomCache: true, customCache: { match: fromShelf, put: async () => {} } });
  const extra = model.files.filter(({ name }) => name.startsWith(`${weights.name}_data`)).length;
  const options = {
    ...{ dtype: TYPES[suffix], subfolder: folder, model_file_name: stem },
    ...(extra > 0 ? { use_external_data_format: extra } : {}),
  };
  let last: unknown;
  try {
    const tokenizer = await AutoTokenizer.from_pretrained(shelf);
    for (const device of model.devices) {
      try {
        const lm = await AutoModelForCausalLM.from_pretrained(shelf, { ...options, device });
        const config = lm.config as { max_position_embeddings?: number };
        return { tokenizer, lm, device, type: TYPES[suffix], positions: config.max_position_embeddings ?? 2048 };
      } catch (error) {
        last = error;
      }
    }
  } catch (error) {
    last = error;
  } finally {
    shelves.set(shelf, []);
  }
  throw new AppError("model/unsupported", `${model.name} cannot be opened by transformers.js: ${wordsOf(last)}`, {
    hint: "It must be a text-generation model exported for transformers.js.",
    cause: last,
  });
}

const isType = (suffix: string): suffix is keyof typeof TYPES => Object.hasOwn(TYPES, suffix);
const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).slice(0, 300);

async function fromShelf(address: string): Promise<Response | undefined> {
  if (!address.startsWith(HOST)) return undefined;
  const [, shelf = "", path = ""] = /^([^/]+)\/(.+)$/.exec(address.slice(HOST.length)) ?? [];
  const file = shelves.get(shelf)?.find(({ name }) => name === decodeURIComponent(path));
  return file && new Response(file.blob, { headers: { "content-length": String(file.blob.size) } });
}

async function completeAll(state: Opened, prompts: readonly Prompt[], options: CompleteOptions): Promise<Completion[]> {
  const results: Completion[] = [];
  for (const [i, prompt] of prompts.entries()) {
    const completion = await complete(state, prompt, keyOf(options, i), options);
    results.push(completion);
    options.onDone?.(i, completion);
  }
  return results;
}

async function complete(state: Opened, prompt: Prompt, key: number, options: CompleteOptions): Promise<Completion> {
  const { library, tokenizer, lm, positions } = state;
  const { maxTokens, temperature, seed, stop = [], signal } = options;
  const started = performance.now();
  const spent = () => ({ latencyMs: performance.now() - started, attempts: 1 });
  if (signal?.aborted) return { ok: false, fault: "stopped", message: "It was stopped.", ...spent() };
  const ids = idsOf(tokenizer, prompt);
  const room = Math.min(maxTokens, positions - ids.length);
  if (ids.length === 0 || room < 1) {
    const message = `A prompt of ${ids.length} tokens does not fit the model's ${positions}.`;
    return { ok: false, fault: "too-long", message, ...spent() };
  }
  library.random.seed(seed + key);
  const halt = new library.InterruptableStoppingCriteria();
  const interrupt = () => halt.interrupt();
  signal?.addEventListener("abort", interrupt, { once: true });
  try {
    const out = (await lm.generate({
      ...inputsOf(library, ids),
      ...{ max_new_tokens: room, repetition_penalty: 1, top_k: 0, stopping_criteria: halt },
      ...(temperature > 0 ? { do_sample: true, temperature } : { do_sample: false }),
    } as Parameters<PreTrainedModel["generate"]>[0])) as Tensor;
    if (signal?.aborted) return { ok: false, fault: "stopped", message: "It was stopped.", ...spent() };
    const drawn = Array.from(out.data as BigInt64Array, Number).slice(ids.length);
    const stopped = isEnd(lm, drawn.at(-1));
    const said = stopped ? drawn.slice(0, -1) : drawn;
    const whole = tokenizer.decode(said, { skip_special_tokens: true });
    const cut = cutAt(whole, stop);
    const counts = { promptTokens: ids.length, completionTokens: said.length };
    const ended = cut !== null || stopped || said.length < room;
    return { ok: true, text: cut ?? whole, ...counts, truncated: !ended, ...spent() };
  } catch (error) {
    return { ok: false, fault: "failed", message: wordsOf(error), ...spent() };
  } finally {
    signal?.removeEventListener("abort", interrupt);
  }
}

function isEnd({ generation_config }: PreTrainedModel, token: number | undefined): boolean {
  const ends = [(generation_config as { eos_token_id?: number | number[] | null } | null)?.eos_token_id ?? []].flat();
  return token !== undefined && ends.includes(token);
}

function idsOf(tokenizer: PreTrainedTokenizer, prompt: Prompt): number[] {
  if (typeof prompt === "string") return tokenizer.encode(prompt);
  const turns = prompt.map(({ role, content }) => ({ role, content }));
  if (!tokenizer.chat_template) return tokenizer.encode(turns.map(({ content }) => content).join("\n\n"));
  const text = tokenizer.apply_chat_template(turns, { add_generation_prompt: true, tokenize: false });
  return tokenizer.encode(text as string, { add_special_tokens: false });
}

function inputsOf({ Tensor }: Transformers, ids: readonly number[]) {
  const row = (values: readonly number[]) =>
    new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
  return { input_ids: row(ids), attention_mask: row(ids.map(() => 1)) };
}

/** ln p of the continuation's tokens. */
async function likelihoodOf({ library, tokenizer, lm, positions }: Opened, item: Continued): Promise<Likelihood> {
  const { ids, given } = continuedIds(item, idsOf(tokenizer, item.prompt), (text, special) =>
    tokenizer.encode(text, { add_special_tokens: special }),
  );
  if (ids.length < 2 || ids.length > positions) return unfit(ids.length);
  try {
    const { logits } = (await lm(inputsOf(library, ids))) as { logits: Tensor };
    const width = logits.dims.at(-1) ?? 0;
    const values = logits.to("float32").data as Float32Array;
    let logprob = 0;
    for (let i = given; i < ids.length; i++) {
      const row = values.subarray((i - 1) * width, i * width); // [V], what comes at place i
      const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const sum = row.reduce((all, value) => all + Math.exp(value - most), 0);
      logprob += (row[ids[i] ?? 0] ?? 0) - most - Math.log(sum);
    }
    return { ok: true, logprob, tokens: ids.length - given };
  } catch (error) {
    return { ok: false, fault: "failed", message: wordsOf(error) };
  }
}
