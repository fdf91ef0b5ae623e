/** Records in the browser's IndexedDB. `strict` waits for the disk; that costs nothing measurable at this size. */
import { type IDBPDatabase, openDB } from "idb";
import { storageError } from "./files";
import type { RecordStore } from "./records";

const PLACE = "this browser's database for this page";

/** Throws what the browser throws where it has no database, as in some private windows. */
export async function idbRecords(name: string): Promise<RecordStore> {
  const database: IDBPDatabase = await openDB(name, 1, { upgrade: (db) => void db.createObjectStore("records") });
  const words = async <T>(key: string, task: () => Promise<T>): Promise<T> => {
    try {
      return await task();
    } catch (cause) {
      throw storageError(PLACE, key, cause);
    }
  };
  const change = (key: string, value?: object) =>
    words(key, async () => {
      const transaction = database.transaction("records", "readwrite", { durability: "strict" });
      await (value ? transaction.store.put(value, key) : transaction.store.delete(key));
      await transaction.done;
    });
  return {
    place: PLACE,
    get: (key) => words(key, () => database.get("records", key)),
    all: () => words("the list", () => database.getAll("records")),
    put: change,
    delete: (key) => change(key),
  };
}
