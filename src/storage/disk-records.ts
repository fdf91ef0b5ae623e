/** Records as JSON files in a folder, for Node: readable without Burnish. */
import { AppError } from "@/errors";
import { diskFiles } from "./disk-files";
import { writeText } from "./files";
import type { RecordStore } from "./records";

const LONGEST = 64_000_000;

export function diskRecords(folder: string): RecordStore {
  const files = diskFiles(folder);
  const read = async (name: string): Promise<unknown> => {
    const blob = await files.get(name);
    if (!blob) return undefined;
    if (blob.size > LONGEST) throw new AppError("storage/failed", `${name} in ${folder} is too large for a record.`);
    try {
      return JSON.parse(await blob.text());
    } catch {
      // A record that a person broke by hand is as good as none; the others stay.
      return undefined;
    }
  };
  return {
    place: folder,
    get: (key) => read(`${key}.json`),
    all: async () => {
      const names = (await files.list()).map(({ name }) => name).filter((name) => name.endsWith(".json"));
      return (await Promise.all(names.map(read))).filter((value) => value !== undefined);
    },
    put: (key, value) => writeText(files, `${key}.json`, `${JSON.stringify(value)}\n`),
    delete: (key) => files.delete(`${key}.json`),
  };
}
