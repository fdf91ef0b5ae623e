/**
 * A run as one zip: its record, its checkpoints, its curves as a table. A bundle comes from a stranger, so what is read is
 * named and bounded before it is unpacked, and each checkpoint must have the digest that the record says.
 */
import { strFromU8, strToU8, type UnzipFileInfo, unzip, zip } from "fflate";
import { AppError } from "@/errors";
import { curvesCsv } from "@/runs/csv";
import { parseRecord, type RunRecord } from "@/runs/record";
import { sha256Hex } from "@/util/sha256";

export interface RunBundle {
  readonly record: RunRecord;
  /** Checkpoints by file name. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

const RECORD = "run.json";
const LARGEST_RECORD = 64_000_000;
const LARGEST_CHECKPOINT = 4_000_000_000;

export async function packBundle({ record, files }: RunBundle): Promise<Uint8Array<ArrayBuffer>> {
  const contents = {
    [RECORD]: strToU8(`${JSON.stringify(record)}\n`),
    "curves.csv": strToU8(curvesCsv(record)),
    // Floats do not compress; level 0 stores them.
    ...Object.fromEntries([...files].map(([name, bytes]) => [name, [bytes, { level: 0 as const }] as const])),
  };
  return new Promise((resolve, reject) => {
    zip(contents as Parameters<typeof zip>[0], (error, bytes) =>
      error ? reject(error) : resolve(new Uint8Array(bytes)),
    );
  });
}

/** Throws AppError "file/malformed" that says which part is wrong. */
export async function readBundle(bytes: Uint8Array): Promise<RunBundle> {
  const { [RECORD]: text } = await unpack(
    bytes,
    ({ name, originalSize }) => name === RECORD && originalSize <= LARGEST_RECORD,
  );
  if (!text) throw malformed(`it has no ${RECORD}`);
  const record = parseRecord(parseJson(strFromU8(text)));
  const wanted = new Map(record.checkpoints.map((point) => [point.file, point]));
  const found = await unpack(bytes, ({ name, originalSize }) => {
    const size = wanted.get(name)?.bytes;
    return size !== undefined && originalSize === size && size <= LARGEST_CHECKPOINT;
  });
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, { sha256 }] of wanted) {
    const content = found[name];
    if (!content) throw malformed(`its checkpoint ${name} is missing or has another size`);
    if ((await sha256Hex(content)) !== sha256) throw malformed(`its checkpoint ${name} is not what the record says`);
    files.set(name, new Uint8Array(content));
  }
  return { record, files };
}

function unpack(bytes: Uint8Array, filter: (file: UnzipFileInfo) => boolean): Promise<Record<string, Uint8Array>> {
  return new Promise((resolve, reject) => {
    unzip(bytes, { filter }, (error, files) => (error ? reject(malformed(error.message)) : resolve(files)));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(`${RECORD} is no JSON`);
  }
}

function malformed(why: string): AppError {
  return new AppError("file/malformed", `This is no bundle of a run: ${why}.`, {
    hint: "Export the run again where it was made.",
  });
}
