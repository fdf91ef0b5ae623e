/**
 * Where runs are kept: records by id in a small database, checkpoints as files beside them. A checkpoint is written under
 * another name, then renamed, and only then named by its record, so a record never points at half a file; files that no
 * record names are swept when runs are listed.
 */
import { AppError } from "@/errors";
import { type Checkpoint, expendable, type Measured, parseRecord, type RunRecord } from "@/runs/record";
import type { FileStore } from "@/storage/files";
import type { RecordStore } from "@/storage/records";
import { sha256Hex } from "@/util/sha256";

export interface RunStore {
  list(): Promise<RunRecord[]>;
  /** Throws AppError "usage" when there is none of this id. */
  get(id: string): Promise<RunRecord>;
  put(record: RunRecord): Promise<void>;
  /** With its checkpoints. */
  delete(id: string): Promise<void>;
  /** Keeps the bytes as the record's newest checkpoint, and of the older ones only the best. Saves the record. */
  keepCheckpoint(record: RunRecord, step: number, measured: Measured, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Throws AppError "storage/failed" when the file is gone or its digest differs. */
  readCheckpoint(checkpoint: Checkpoint): Promise<Uint8Array<ArrayBuffer>>;
}

export function createRunStore(records: RecordStore, files: FileStore): RunStore {
  const put = (record: RunRecord) => records.put(record.id, { ...record, updatedAt: Date.now() });
  return {
    list: async () => {
      // What another version or a stranger wrote must not hide the rest.
      const read = (value: unknown): RunRecord[] => {
        try {
          return [parseRecord(value)];
        } catch {
          return [];
        }
      };
      return (await records.all()).flatMap(read).sort((a, b) => b.createdAt - a.createdAt);
    },

    get: async (id) => {
      const value = await records.get(id);
      if (value === undefined) {
        throw new AppError("usage", `There is no run "${id.slice(0, 80)}".`, {
          hint: "List the runs to see their names.",
        });
      }
      return parseRecord(value);
    },

    put,

    delete: async (id) => {
      const value = await records.get(id);
      await records.delete(id);
      if (value === undefined) return;
      for (const { file } of parseRecord(value).checkpoints) await files.delete(file);
    },

    keepCheckpoint: async (record, step, { evalLoss, passRate }, bytes) => {
      const file = `${record.id}-${String(step).padStart(6, "0")}.safetensors`;
      await writeFile(files, file, bytes);
      const point = { step, file, bytes: bytes.length, sha256: await sha256Hex(bytes), evalLoss, passRate };
      record.checkpoints = [...record.checkpoints.filter((other) => other.step < step), point];
      const gone = expendable(record);
      record.checkpoints = record.checkpoints.filter((other) => !gone.includes(other));
      await put(record);
      for (const { file: old } of gone) await files.delete(old);
    },

    readCheckpoint: async ({ file, sha256 }) => {
      const blob = await files.get(file);
      const bytes = blob && new Uint8Array(await blob.arrayBuffer());
      if (!bytes || (await sha256Hex(bytes)) !== sha256) {
        throw new AppError(
          "storage/failed",
          `The checkpoint ${file} ${bytes ? "is not what was written" : "is gone"}.`,
          {
            hint: "Go on from another checkpoint of the run, or train it again: its recipe is kept.",
          },
        );
      }
      return bytes;
    },
  };
}

async function writeFile(files: FileStore, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const part = name.replace(".safetensors", ".part");
  const writer = await files.openWriter(part, 0);
  try {
    await writer.write(bytes);
  } finally {
    await writer.close();
  }
  await files.rename(part, name);
}
