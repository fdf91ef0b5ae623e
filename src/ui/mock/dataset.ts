/** Rows of the mock session: a handful of requests that repeat, clean or with faults. */

import { mockRow } from "@/ui/mock/report";
import type { DatasetInfo, RowPlace, RowView, TokenSpan } from "@/worker/api/data";

export const REQUESTS: readonly (readonly [string, string])[] = [
  ["Wake me at 7 am tomorrow", "set_alarm(time: 7 am, day: tomorrow)"],
  ["Please tell Anna that dinner is ready", "send_message(to: Anna, text: dinner is ready)"],
  ["Play Blue River by Nora", "play_song(title: Blue River, artist: Nora)"],
  ["Put coffee on my birthday list", "add_item(item: coffee, list: birthday)"],
  ["The bedroom needs brown light", "set_light(room: bedroom, color: brown)"],
];

const FINDINGS: DatasetInfo["findings"] = [
  {
    gate: "dispatch",
    severity: "red",
    count: 396,
    rows: [1, 2, 3],
    message:
      "TRL takes these rows as prompt-completion and stops: there is no completion. The rows have messages and prompt.",
    why: "TRL chooses what to read by the names of the columns, before it looks at what is in them. Without prompt the same rows are read as messages.",
    fix: { label: "Read messages only", data: { columns: { messages: "messages" } } },
  },
];

export function datasetOf(name: string, faulty: boolean): DatasetInfo {
  const rows = faulty ? 396 : 400;
  return {
    name,
    type: "prompt-completion",
    trainRows: rows,
    evalRows: 120,
    totalRows: rows + 120,
    faultCount: faulty ? 4 : 0,
    findings: faulty ? FINDINGS : [],
    columns: ["prompt", "completion"],
    sample: REQUESTS.slice(0, 3).map(([prompt, completion]) => ({ prompt, completion })),
    faults: faulty
      ? [
          { line: 14, message: 'No field "completion".' },
          { line: 88, message: "Not JSON: unexpected end of the line." },
          { line: 89, message: 'Field "prompt" is empty.' },
          { line: 301, message: "Not JSON: a bare word at column 12." },
        ]
      : [],
    droppedRows: faulty ? 2 : 0,
    truncatedRows: faulty ? 7 : 0,
    trainTokens: 14_812,
    trainedTokens: 5_120,
    maxTokens: 61,
    preview: REQUESTS.slice(0, 4).map(([request, answer]) => previewOf(request, answer)),
    samplePrompts: REQUESTS.slice(0, 3).map(([request]) => `User: ${request}\nCall:`),
  };
}

export function rowAt(place: RowPlace): RowView {
  const at = typeof place === "number" ? place : place.line - 1;
  return mockRow(at, previewOf(...(REQUESTS[at % REQUESTS.length] ?? (["", ""] as const))));
}

function previewOf(request: string, answer: string): TokenSpan[] {
  const span = (text: string, trained: boolean, special = false) => ({ text, trained, special });
  const prompt = `User: ${request}\nCall:`.split(/(?= )|(?<=\n)/).map((text) => span(text, false));
  const completion = ` ${answer}`.split(/(?<=[(:,])|(?=[):,(])/).map((text) => span(text, true));
  return [span("<s>", false, true), ...prompt, ...completion, span("</s>", true, true)];
}
