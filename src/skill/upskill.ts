/**
 * What a generation leaves behind, laid out as upskill 0.2.1 does: NAME/{SKILL.md, skill_meta.json, references/, scripts/},
 * NAME/evals/evals.json beside them, and runs/{results.csv, BATCH/{batch_summary.json, run_N/…}}. Paths → texts.
 */
import type { ArmAnswers } from "@/eval/run-arms";
import { writeAgentskills } from "@/eval/suite/agentskills";
import type { Generated } from "./generate/generate";
import { nameOf } from "./skill";

export interface Batch {
  /** UTC, which names the folder: upskill's minutes, and seconds, since two batches may begin in one minute. */
  readonly startedAt: Date;
  readonly task: string;
}

interface Run {
  readonly answers: ArmAnswers;
  /** upskill knows "baseline" and "with_skill". */
  readonly kind: string;
}

export const RESULTS = "runs/results.csv";

/** The columns of upskill's results.csv, in its order. */
export const COLUMNS = [
  ...["batch_id", "run_number", "model", "task", "timestamp", "passed", "assertions_passed", "assertions_total"],
  ...["input_tokens", "output_tokens", "total_tokens", "conversation_span_ms", "llm_time_ms", "tool_time_ms"],
  ...["turns", "tool_calls", "tool_errors", "mcp_calls", "execute_calls"],
  ...["error_message", "session_id", "session_history_file"],
] as const;

export function layOut(made: Generated, batch: Batch): Map<string, string> {
  const name = nameOf(made.skill) ?? "skill";
  const files = new Map<string, string>();
  const put = (path: string, value: unknown) => files.set(path, `${JSON.stringify(value, null, 2)}\n`);
  files.set(`${name}/SKILL.md`, made.skill.source);
  for (const { path, text } of made.skill.files) if (text !== null) files.set(`${name}/${path}`, text);
  const rate = made.report.summaries.find(({ arm }) => arm === "skill")?.rate ?? null;
  put(`${name}/skill_meta.json`, {
    metadata: {
      ...{ version: "1.0", generated_by: made.teacher, generated_at: batch.startedAt.toISOString() },
      ...{ source_task: batch.task, test_pass_rate: rate },
    },
    tests: made.cases.map(({ input, expected }) => ({ input, expected })),
  });
  files.set(`${name}/evals/evals.json`, writeAgentskills(made.suite, name));

  const id = batch.startedAt.toISOString().slice(0, 19).replace(/[-T:]/g, "_");
  const runs: Run[] = [
    ...made.rounds.map(({ answers }) => ({ answers, kind: "with_skill" })),
    ...made.report.arms.map((answers) => ({ answers, kind: KINDS[answers.arm] ?? answers.arm })),
  ];
  const results = runs.map((run, i) => resultOf(run, i + 1, id, name, batch));
  for (const result of results) {
    const folder = `runs/${id}/run_${result.metadata.run_number}`;
    put(`${folder}/run_metadata.json`, result.metadata);
    put(`${folder}/run_result.json`, result);
    put(`${folder}/answers.json`, runs[result.metadata.run_number - 1]?.answers.answers ?? []);
  }
  put(`runs/${id}/batch_summary.json`, {
    ...{ batch_id: id, model: made.report.declared.model, task: batch.task, total_runs: results.length },
    ...{ passed_runs: results.filter(({ passed }) => passed).length, results },
  });
  put(`runs/${id}/report.json`, made.report);
  files.set(RESULTS, `${COLUMNS.join(",")}\r\n${results.map(rowOf).join("")}`);
  return files;
}

const KINDS: Readonly<Record<string, string>> = { base: "baseline", skill: "with_skill" };

function resultOf(
  { answers: { answers, provider }, kind }: Run,
  number: number,
  id: string,
  name: string,
  { startedAt, task }: Batch,
) {
  const sum = (of: (answer: (typeof answers)[number]) => number | null) =>
    answers.reduce((all, one) => all + (of(one) ?? 0), 0);
  const [input, output] = [sum(({ promptTokens }) => promptTokens), sum(({ completionTokens }) => completionTokens)];
  const passed = answers.filter(({ pass }) => pass).length;
  const faults = answers.filter(({ status }) => status === "error" || status === "timeout");
  const spent = Math.round(sum(({ latencyMs }) => latencyMs));
  return {
    metadata: { model: provider, task, batch_id: id, run_number: number, timestamp: startedAt.toISOString() },
    stats: {
      ...{ conversation_span_ms: spent, llm_time_ms: spent, tool_time_ms: 0, turns: answers.length },
      ...{ tool_calls: 0, tool_errors: 0, mcp_calls: 0, execute_calls: 0, tool_call_map: {}, tool_error_map: {} },
      ...{ input_tokens: input, output_tokens: output, total_tokens: input + output },
      ...{ usage_summaries: [], timing_summaries: [] },
    },
    ...{ passed: passed === answers.length, assertions_passed: passed, assertions_total: answers.length },
    error_message: faults.length === 0 ? null : `${faults.length} answers could not be had: ${faults[0]?.reason ?? ""}`,
    ...{ session_id: null, session_history_file: null, run_type: kind, skill_name: name },
  };
}

function rowOf({ metadata, stats, ...rest }: ReturnType<typeof resultOf>): string {
  const values: Readonly<Record<string, unknown>> = { ...metadata, ...stats, ...rest };
  return `${COLUMNS.map((column) => cell(values[column])).join(",")}\r\n`;
}

/** Python's words for true and false, as upskill's csv has them; a text that a table would compute gets a mark before it. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "True" : "False";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
