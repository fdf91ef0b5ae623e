/**
 * llama.cpp answers: node answer.mjs JOBS.json, where JOBS is a list of { model, lora?, prompts?, maxTokens?, text? } and the
 * answer, as JSON on stdout, a list of
 *   { answers: [{ promptIds, ids, gaps }], nll, tokens }
 * `ids` are greedy; `gaps` how far the two highest logits of each step lie apart; `nll` the mean over the text's tokens
 * but the first; a long text is read in windows, none of which sees the one before.
 */
import { readFileSync } from "node:fs";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

const jobs = JSON.parse(readFileSync(process.argv[2], "utf8"));
const llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 1 });

const WINDOW = 480;

/** Logits of what follows the last of `ids`, the sequence standing before them. */
async function evaluate(sequence, ids, logits) {
  const input = [...ids.slice(0, -1), [ids.at(-1), { generateNext: { logits, options: { temperature: 0 } } }]];
  return (await sequence.controlledEvaluate(input)).at(-1).next;
}

async function greedy(sequence, promptIds, maxTokens, isEnd) {
  await sequence.clearHistory();
  const ids = [];
  const gaps = [];
  let next = promptIds;
  while (ids.length < maxTokens) {
    const { logits } = await evaluate(sequence, next, { filter: { tokens: [], includeTop: 2 } });
    const [[best, first], [, second]] = [...logits].sort(([, a], [, b]) => b - a);
    ids.push(best);
    gaps.push(first - second);
    if (isEnd(best)) break;
    next = [best];
  }
  return { promptIds, ids, gaps };
}

async function meanNll(sequence, ids) {
  let total = 0;
  let count = 0;
  for (let i = 0; i + 1 < ids.length; i++) {
    if (i % WINDOW === 0) await sequence.clearHistory();
    const { logits } = await evaluate(sequence, [ids[i]], true);
    let most = Number.NEGATIVE_INFINITY;
    for (const value of logits.values()) most = Math.max(most, value);
    let sum = 0;
    for (const value of logits.values()) sum += Math.exp(value - most);
    total += most + Math.log(sum) - logits.get(ids[i + 1]);
    count++;
  }
  return total / count;
}

const results = [];
for (const { model: modelPath, lora, prompts = [], maxTokens = 32, text } of jobs) {
  const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
  const context = await model.createContext({
    contextSize: 512,
    threads: 1,
    ...(lora ? { lora: { adapters: [{ filePath: lora }] } } : {}),
  });
  const sequence = context.getSequence();
  const idsOf = (text) => [
    ...(model.tokens.shouldPrependBosToken ? [model.tokens.bos] : []),
    ...model.tokenize(text, true),
  ];
  const answers = [];
  for (const prompt of prompts) {
    answers.push(await greedy(sequence, idsOf(prompt), maxTokens, (token) => model.isEogToken(token)));
  }
  const ids = text === undefined ? [] : idsOf(text);
  results.push({ answers, ...(text === undefined ? {} : { nll: await meanNll(sequence, ids), tokens: ids.length }) });
  await model.dispose();
}
process.stdout.write(JSON.stringify(results));
process.exit(0);
