/** CSV: promptfoo's (`__expected`, `__expected1` …, each `type(threshold):value`), or a column that holds the answer. */
import papaparse from "papaparse";
import type { Case, Suite } from "../suite";
import { createRefusals, MOST_CASES, malformed, type Refusals } from "./limits";
import { unique } from "./promptfoo";
import { readAssertion } from "./read-assertion";
import { expectedCase } from "./rows";

const INPUTS = ["prompt", "input", "question", "instruction"];
const KNOWN = /^__(expected\d*|description|threshold)$/;

export function readCsv(source: string, name: string): Suite {
  const { data, errors, meta } = papaparse.parse<Record<string, string>>(source, {
    ...{ header: true, skipEmptyLines: "greedy", preview: MOST_CASES + 1 },
  });
  const [fault] = errors.filter(({ code }) => code !== "UndetectableDelimiter");
  if (fault) throw malformed(`${name}, row ${(fault.row ?? 0) + 1}`, fault.message);
  if (data.length > MOST_CASES) throw malformed(name, `has more than ${MOST_CASES} rows`);
  const fields = meta.fields ?? [];
  const checks = fields.filter((field) => /^__expected\d*$/.test(field));
  const refusals = createRefusals();
  if (checks.length === 0) {
    const cases = data.map((row, i) => expectedCase(row, i, name));
    return { name, format: "expected", cases };
  }
  for (const field of fields)
    if (field.startsWith("__") && !KNOWN.test(field)) refusals.add(`column "${field}"`, "header");
  const own = fields.filter((field) => !field.startsWith("__"));
  const input = INPUTS.find((field) => own.includes(field)) ?? (own.length === 1 ? own[0] : undefined);
  if (input === undefined) throw malformed(name, `needs a column of ${INPUTS.join(", ")}`);
  const cases = data.map((row, i): Case => {
    const where = `row ${i + 1}`;
    const written = checks.map((field) => row[field] ?? "").filter((value) => value.trim() !== "");
    if (written.length === 0) refusals.add("a row that expects nothing", where);
    const assert = written.flatMap((value) => readAssertion(parseExpected(value), where, refusals));
    return {
      ...{ id: row.__description || String(i + 1), input: row[input] ?? "", assert, tags: [] },
      vars: Object.fromEntries(own.map((field) => [field, row[field] ?? ""])),
      ...thresholdOf(row.__threshold, where, refusals),
    };
  });
  refusals.settle(name);
  return { name, format: "promptfoo", cases: unique(cases) };
}

function thresholdOf(written: string | undefined, where: string, refusals: Refusals): { threshold?: number } {
  if (!written?.trim()) return {};
  const threshold = Number(written);
  if (Number.isFinite(threshold)) return { threshold };
  refusals.add(`__threshold "${written}"`, where);
  return {};
}

/** "contains:lamp", "levenshtein(3):lamp", "is-json", or the text itself. */
function parseExpected(written: string): object {
  const found = /^((?:not-)?[a-z][a-z-]*)(?:\(([\d.]+)\))?(?::([\s\S]*))?$/.exec(written.trim());
  const [, type = "", threshold, value] = found ?? [];
  const bare = /^(not-)?(is-json|contains-json|is-refusal|perplexity)$/.test(type);
  if (!found || (value === undefined && !bare)) return { type: "equals", value: written.trim() };
  const plain = { fn: "javascript", eval: "javascript", grade: "llm-rubric" }[type] ?? type;
  const typed = /numeric$/.test(plain) ? Number(value) : value?.trim();
  return {
    type: plain,
    ...(typed === undefined || typed === "" ? {} : { value: typed }),
    ...(threshold === undefined ? {} : { threshold: Number(threshold) }),
  };
}
