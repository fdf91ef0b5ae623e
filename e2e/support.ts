/** What the journeys share: opening the page on an engine, and reading what a card says. */
import { fileURLToPath } from "node:url";
import { expect, type Page } from "playwright/test";

export type Engine = "cpu" | "webgpu";

export const fixture = (path: string): string => fileURLToPath(new URL(`fixtures/${path}`, import.meta.url));

/** Opens the page on one engine; the returned list fills with whatever goes wrong behind its back. */
export async function openPage(page: Page, engine: Engine, query = ""): Promise<string[]> {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  await page.goto(`/?engine=${engine}${query && `&${query}`}`);
  await expect(page.getByTestId("device-notice")).toContainText(/Running on/, { timeout: 30_000 });
  return faults;
}

export const files = (rows: readonly object[]): Buffer =>
  Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

export async function number(page: Page, testId: string): Promise<number> {
  return Number.parseFloat((await page.getByTestId(testId).first().innerText()).replace(/[^\d.-]+/g, " "));
}

/** All that this browser keeps of the page: addresses, cookies, storages, databases, private files, caches. */
export const everythingKept = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const found = [location.href, document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
    const rows = (store: IDBObjectStore) =>
      new Promise<unknown>((done) => {
        const asked = store.getAll();
        asked.onsuccess = () => done(asked.result);
      });
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((done) => {
        const asked = indexedDB.open(name);
        asked.onsuccess = () => done(asked.result);
      });
      for (const store of database.objectStoreNames) {
        found.push(JSON.stringify(await rows(database.transaction(store).objectStore(store))));
      }
      database.close();
    }
    const walk = async (folder: FileSystemDirectoryHandle): Promise<void> => {
      for await (const entry of (folder as unknown as { values(): AsyncIterable<FileSystemHandle> }).values()) {
        found.push(entry.name);
        if (entry.kind === "directory") await walk(entry as FileSystemDirectoryHandle);
        else found.push(await (await (entry as FileSystemFileHandle).getFile()).text());
      }
    };
    await walk(await navigator.storage.getDirectory());
    for (const name of await caches.keys()) found.push(name);
    return found.join("\n");
  });
