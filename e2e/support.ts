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
