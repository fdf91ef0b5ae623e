/** Several models in one table: our engine, a server on loopback, an ONNX export from a loopback Hub. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Case, Suite } from "@/eval/suite";
import { startHub, type TestHub } from "@/hub/loopback-hub";
import type { Session } from "@/session/contract";
import type { OtherModel } from "@/session/eval-providers";
import { openTinySession } from "@/session/tiny-session";
import { memoryFiles } from "@/storage/memory-files";

const KEY = "sk-never-to-be-seen";
const cases = Array.from({ length: 24 }, (_, i): Case => {
  const assert = [{ type: "contains" as const, not: false, value: `code ${i} end`, weight: 1 }];
  return { id: `${i}`, input: `Number ${i}?`, expected: `code ${i} end`, assert, tags: [] };
});
const suite: Suite = { name: "codes", format: "expected", cases };
const settings = { seed: 1, repeats: 1, temperature: 0, maxTokens: 4, frame: "chat" as const };

/** Knows the answer when the skill stands before the question; "weak" knows only every second one. */
let alive = Number.POSITIVE_INFINITY;
let asked: string[] = [];
const server = createServer(async (request, response) => {
  const body = JSON.parse(await textOf(request)) as { model: string; messages: { role: string; content: string }[] };
  const [question = "", system = ""] = [body.messages.at(-1)?.content, body.messages[0]?.content];
  asked.push(question);
  if (asked.length > alive) return void response.writeHead(400).end("{}");
  const content = say(body.model, question, system);
  const usage = { prompt_tokens: 100, completion_tokens: 10 };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ choices: [{ message: { content }, finish_reason: "stop" }], usage }));
});

function say(model: string, question: string, system: string): string {
  if (system.includes("compare two answers")) {
    const [, first = ""] = /<answer-1>\n([^<]*)/.exec(question) ?? [];
    const [, second = ""] = /<answer-2>\n([^<]*)/.exec(question) ?? [];
    return first.includes("code") === second.includes("code") ? "tie" : first.includes("code") ? "1" : "2";
  }
  const [, number = ""] = /Number (\d+)/.exec(question) ?? [];
  const knows = system.includes("codes are known") && (model === "strong" || Number(number) % 2 === 0);
  return knows ? `code ${number} end` : "no idea";
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) text += piece;
  return text;
}

let session: Session;
let hub: TestHub;
const answers = memoryFiles();
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  hub = await startHub();
  const transformers = async () => {
    const [library, ort] = [await import("@huggingface/transformers"), await import("onnxruntime-web/wasm")];
    Object.assign(ort.env.wasm, { numThreads: 1, wasmPaths: undefined });
    return { library, devices: ["cpu"] as const };
  };
  const kept = memoryFiles();
  const exports = { folder: async () => kept, room: async () => null };
  const general = Array.from({ length: 21 }, (_, i) => JSON.stringify({ text: `Some words number ${i} for all.` }));
  const bundled = async () => new Blob([general.join("\n")]);
  const more = { bundled, transformers, exports, answers: async () => answers, hub: { endpoint: hub.url } };
  session = await openTinySession(more);
});
beforeEach(() => {
  asked = [];
  alive = Number.POSITIVE_INFINITY;
});
afterAll(async () => {
  server.close();
  await hub.close();
  await session.release();
});

const endpoint = (model: string): OtherModel => {
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  return { kind: "endpoint", baseUrl, model, key: KEY, price: { input: 2, output: 20 } };
};
const ask = {
  ...{ suite, arms: ["base", "tuned", "skill", "placebo"], settings, k: 1 },
  contexts: { skill: "All codes are known to you." },
};

test("each model has its own baseline, a price and no arm that it cannot have; no key leaves", async () => {
  const pairwise = { by: "strong" };
  const report = await session.evaluateSuite(
    { ...ask, others: [endpoint("strong"), endpoint("weak")], pairwise },
    () => {},
  );
  const [tiny, strong, weak] = ["tiny", "strong at", "weak at"].map((name) =>
    report.summaries.filter(({ arm }) => arm.startsWith(name)),
  );
  expect(tiny?.map(({ arm }) => arm)).toEqual(["tiny: base", "tiny: skill", "tiny: placebo"]);
  expect(strong?.map(({ passed }) => passed)).toEqual([0, 24, 0]);
  expect(weak?.map(({ passed }) => passed)).toEqual([0, 12, 0]);
  // 24 × (100 × 2 + 10 × 20) / 10⁶
  expect(strong?.[1]).toMatchObject({ tokensIn: 2400, tokensOut: 240 });
  expect(strong?.[1]?.cost).toBeCloseTo(0.0096, 12);
  expect(strong?.[1]?.costPerPass).toBeCloseTo(0.0004, 12);
  const found = (after: string) => report.comparisons.find((one) => one.after.startsWith(after));
  expect(found("strong at")?.before).toBe("tiny: base");
  const helped = report.comparisons.find(({ after }) => after.startsWith("strong at") && after.endsWith(": skill"));
  expect(helped).toMatchObject({ verdict: "better", before: expect.stringMatching(/^strong at .*: base$/) });
  const judged = report.pairwise?.find(({ after }) => after.startsWith("strong at") && after.endsWith(": skill"));
  expect(judged).toMatchObject({ wins: 24, losses: 0, verdict: "better", placeBias: 0 });
  expect(JSON.stringify(report)).not.toContain(KEY);
  const hashes = Object.keys(report.declared.hashes);
  expect(hashes.some((name) => name.startsWith("Identity of strong"))).toBe(true);
});

test("a server that dies half-way costs errors, and the next run only what it had not said", async () => {
  const own = { ...ask, arms: ["base", "skill"], others: [endpoint("strong")], keep: true };
  alive = 20;
  const broken = await session.evaluateSuite(own, () => {});
  const errors = broken.summaries.reduce((sum, one) => sum + one.errors, 0);
  expect(errors).toBe(28);
  asked = [];
  alive = Number.POSITIVE_INFINITY;
  const whole = await session.evaluateSuite(own, () => {});
  expect(asked).toHaveLength(28);
  expect(whole.summaries.map(({ errors: left }) => left)).toEqual([0, 0, 0, 0]);
  expect(whole.summaries.at(-1)).toMatchObject({ passed: 24 });
  expect(await answers.list()).toEqual([]);
});

test("general text is measured for every arm's weights; a fresh adapter has forgotten nothing", async () => {
  await session.initialAdapter({}).then((files) => session.loadAdapter(files));
  const own = { ...ask, suite: { ...suite, cases: cases.slice(0, 2) }, arms: ["base", "tuned"], general: true };
  const { general, forgetting } = await session.evaluateSuite(own, () => {});
  expect(Object.keys(general ?? {})).toEqual(["base", "tuned"]);
  expect(general?.base?.bitsPerByte).toBeGreaterThan(0);
  expect(general?.tuned).toEqual(general?.base);
  expect(forgetting).toMatchObject({ passages: 21, difference: 0, verdict: "inconclusive" });
});

test("an ONNX export on a Hub says and finds likely what our engine does", async () => {
  const choice = { format: "onnx", quant: "f32" } as const;
  await session.initialAdapter({}).then((files) => session.loadAdapter(files));
  const files = await session.exportModel(choice, () => {});
  const repo = new Map<string, Buffer>();
  for (const { name, blob } of files) repo.set(name, Buffer.from(await blob.arrayBuffer()));
  hub.repos.set("tiny/onnx", { files: repo });
  const options = ["red", "blue", "green and yellow"];
  const mixed: Suite = {
    ...suite,
    cases: [
      ...cases.slice(0, 3),
      ...["The sky is", "Grass is", "A rose is"].map((input, i): Case => {
        return { id: `c${i}`, input, choices: { options, answer: i }, assert: [], tags: [] };
      }),
      {
        id: "p",
        input: "Once upon",
        assert: [{ type: "perplexity", not: false, threshold: 1e9, weight: 1 }],
        tags: [],
      },
    ],
  };
  const others: OtherModel[] = [{ kind: "onnx", source: { kind: "hub", reference: "hf:tiny/onnx" } }];
  const plain = { ...settings, frame: "plain" as const, maxTokens: 8 };
  const { arms } = await session.evaluateSuite(
    { ...ask, suite: mixed, arms: ["base"], settings: plain, others },
    () => {},
  );
  const [ours, theirs] = arms.map((arm) =>
    arm.answers.map(({ caseId, text, status, pass }) => ({ caseId, text, status, pass })),
  );
  expect(arms[1]?.provider).toMatch(/onnx \(cpu, fp32\)$/);
  expect(theirs).toEqual(ours);
  expect(ours?.every(({ status }) => status === "ok" || status === "truncated")).toBe(true);
  const missing: OtherModel = { kind: "onnx", source: { kind: "hub", reference: "hf:tiny/onnx/onnx/model_q4.onnx" } };
  await expect(session.evaluateSuite({ ...ask, arms: ["base"], others: [missing] }, () => {})).rejects.toThrow(
    /has no onnx\/model_q4\.onnx/,
  );
});
