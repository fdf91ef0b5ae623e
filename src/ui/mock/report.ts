/** What the mock session says of data: findings of both colours, lengths, one row, a probe. Development only. */
import type { DataReport, PracticeExercise, RowView, TokenSpan } from "@/worker/api/data";
import type { ProbeReport } from "@/worker/api/probe";

const LENGTHS: NonNullable<DataReport["lengths"]> = {
  bins: [3, 18, 60, 122, 94, 51, 27, 11, 6, 3, 1].map((count, i) => ({ from: i * 8, to: i * 8 + 7, count })),
  ...{ p50: 31, p90: 52, p99: 74, longest: 85, limit: 64, suggested: 128, memory: 92e6 },
};

export function mockReport(faulty: boolean): DataReport {
  if (!faulty) return { findings: [], lengths: { ...LENGTHS, limit: 256 }, rows: 400 };
  return {
    findings: [
      {
        ...{ gate: "leakage", title: "Held-out rows in training", severity: "red", count: 12 },
        rows: [4, 18, 31, 77, 102, 140, 155, 201, 230, 288, 301, 395],
        message: "12 of 120 held-out rows are met in training, in 12 rows of it.",
        why: "What was trained on is answered from memory, so the held-out score comes out too high. Leave the training twins out.",
        fix: { label: "Leave these 12 rows out", data: { fixes: ["leakage"] } },
      },
      {
        ...{ gate: "truncated-answers", title: "Answers cut off", severity: "amber", count: 7 },
        rows: [14, 88, 89, 301],
        message: "7 rows (2 %) are longer than the limit and end in the middle.",
        why: "A row longer than the longest length loses its end, and with it the sign to stop: the model learns to ramble. Raise the length, or leave out the longest rows.",
        fix: { label: "Raise the length to 128", data: { maxLength: 128 } },
      },
      {
        ...{ gate: "too-few-rows", title: "Few rows", severity: "amber", count: 0, rows: [] },
        message: "There are only 40 rows to train on.",
        why: "With so few rows an adapter learns the rows themselves and little of the task. Fifty and more of varied ones are a start.",
      },
    ],
    lengths: LENGTHS,
    rows: 396,
  };
}

export function mockRow(at: number, spans: readonly TokenSpan[]): RowView {
  const cut: TokenSpan = { text: " and a tail that is never read", trained: false, special: false, cut: true };
  const long = at % 3 === 1;
  const sequence = {
    label: "",
    spans: long ? [...spans, cut] : spans,
    tokens: long ? 71 : 32,
    kept: long ? 64 : 32,
    trained: 14,
  };
  return { at, total: 520, line: at + 1, held: at >= 400, sequences: [sequence] };
}

export const mockExercise = (): PracticeExercise => ({
  fault: "mojibake",
  lesson: "Some texts were decoded by the wrong table: é became Ã©.",
  lines: [2],
  train: ["a quiet lamp", "the cafÃ© lamp", "a green stone"]
    .map((text) => `${JSON.stringify({ prompt: `Text: ${text}\nTopic:`, completion: " music" })}\n`)
    .join(""),
  held: `${JSON.stringify({ prompt: "Text: a boat\nTopic:", completion: " travel" })}\n`,
});

export const MOCK_PROBE: ProbeReport = {
  ok: true,
  sentence:
    "Go: the loss starts where the base model is, falls from 3.41 to 1.22 on 4 rows, and the run takes 22 s to 35 s here.",
  loss: { base: 3.412, first: 3.412, same: true },
  overfit: { steps: 8, rows: 4, first: 3.41, last: 1.22, falls: true },
  finite: true,
  tokensPerSecond: { low: 6100, high: 7900 },
  seconds: { low: 22, high: 35 },
  tokens: 178_000,
  spent: 1.1,
  cloud: [{ hardware: "t4-small, lora", seconds: { low: 60, high: 242 }, dollars: { low: 0.007, high: 0.027 } }],
  pricesOf: "2026-08-22",
};
