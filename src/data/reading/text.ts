/** Which kind of text a file is (by its name, and where that says nothing by its first character), and its reader. */
import type { Part } from "../reader";
import { readArray } from "./array";
import { peek } from "./bytes";
import { encodingOf, toUtf8 } from "./encoding";
import { readLines } from "./lines";
import { readTable } from "./table";

type Kind = "lines" | "array" | "table";

export async function* readText(
  name: string,
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
  wanted: (column: string) => boolean,
): AsyncGenerator<Part, void, void> {
  const raw = await peek(pieces);
  const found = encodingOf(raw.head);
  if (found.encoding !== "utf-8") {
    yield { records: [], faults: [], notes: [`The file is ${found.encoding.toUpperCase()}; it was read as such.`] };
  }
  const { head, rest } = await peek(toUtf8(raw.rest, found));
  const kind = kindOf(name, head);
  if (kind === "array") yield* readArray(rest);
  else if (kind === "lines") yield* readLines(rest);
  else yield* readTable(rest, wanted);
}

function kindOf(name: string, head: Uint8Array): Kind {
  const extension = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase();
  if (extension === "csv" || extension === "tsv") return "table";
  const start = new TextDecoder().decode(head.subarray(0, 4096)).trimStart()[0];
  if (start === "[" && extension !== "jsonl" && extension !== "ndjson") return "array";
  if (extension === "jsonl" || extension === "json" || extension === "ndjson" || start === "{") return "lines";
  return "table";
}
