/** A suite's file → a suite: by its ending, then by what is in it. */
import type { Suite } from "../suite";
import { readAgentskills } from "./agentskills";
import { readCsv } from "./csv";
import { MOST_BYTES, malformed, parseJson, parseLines } from "./limits";
import { readPromptfoo, unique } from "./promptfoo";
import { readRows } from "./rows";
import { readUpskill } from "./upskill";

/** Throws "suite/malformed" (the file is wrong), "suite/unsupported" (it asks for more than is known). */
export function readSuite(source: string, name: string): Suite {
  if (source.length > MOST_BYTES) throw malformed(name, `is larger than ${MOST_BYTES / 1e6} MB`);
  const suite = parse(source.replace(/^\uFEFF/, ""), name);
  if (suite.cases.length === 0) throw malformed(name, "has no cases");
  return { ...suite, cases: unique(suite.cases) };
}

function parse(source: string, name: string): Suite {
  if (/\.ya?ml$/i.test(name)) return readPromptfoo(source, name);
  if (/\.csv$/i.test(name)) return readCsv(source, name);
  if (/\.jsonl$/i.test(name)) return readRows(parseLines(source, name), name);
  if (!/\.json$/i.test(name)) throw malformed(name, "is none of .json, .jsonl, .yaml, .csv");
  const value = parseJson(source, name);
  const has = (item: unknown, key: string) => typeof item === "object" && item !== null && Object.hasOwn(item, key);
  if (has(value, "evals")) return readAgentskills(value, name);
  if (has(value, "prompts") || has(value, "defaultTest")) return readPromptfoo(source, name);
  const upskill = (item: unknown) => has(item, "verifiers") || (has(item, "input") && !isPlain(item));
  if (has(value, "cases") || has(value, "tests") || (Array.isArray(value) && value.some(upskill))) {
    return readUpskill(value, name);
  }
  if (Array.isArray(value)) return readRows(value, name);
  throw malformed(
    name,
    "is no suite that is known: upskill, evals.json, promptfoo, or rows with a question and an answer",
  );
}

/** upskill's `expected` is an object; of plain rows it is the answer. */
const isPlain = (item: unknown): boolean =>
  typeof item === "object" && item !== null && typeof (item as { expected?: unknown }).expected !== "object";
