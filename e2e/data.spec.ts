/** Ways for rows to come in besides the picker, and rows that a trainer would take for something else. */
import { expect, type Page, test } from "playwright/test";
import { files, openPage } from "./support";

const facts = (page: Page) => page.locator("#data dl, #data .facts").first();

test("rows by address, by paste with columns named by hand, and the trap of two shapes in one row", async ({
  page,
}) => {
  const faults = await openPage(page, "cpu");
  await page.getByTestId("open-ember").click();
  await page.getByTestId("data-address").fill(new URL("datasets/feelings.train.jsonl", page.url()).href);
  await page.getByTestId("data-open").click();
  await expect(facts(page)).toContainText("prompt and completion", { timeout: 20_000 });

  await page.getByText("Paste rows instead").click();
  const lines = Array.from({ length: 30 }, (_, i) => `what is ${i} plus ${(i * 7) % 11},it is ${i + ((i * 7) % 11)}`);
  await page.getByTestId("data-paste").fill(["asked,said", ...lines].join("\n"));
  await page.getByTestId("data-paste-open").click();
  await expect(page.getByTestId("error-panel")).toHaveAttribute("data-code", "dataset/empty");
  await page.getByTestId("column-prompt").selectOption("asked");
  await page.getByTestId("column-completion").selectOption("said");
  await page.getByTestId("column-apply").click();
  await expect(facts(page)).toContainText("prompt and completion");
  await expect(page.getByTestId("row-view")).toContainText("what is 0 plus 0");

  const talk = (i: number) => [
    { role: "user", content: `Name the number ${i}` },
    { role: "assistant", content: `It is ${i}.` },
  ];
  const rows = Array.from({ length: 30 }, (_, i) => ({ prompt: `Name the number ${i}`, messages: talk(i) }));
  await page
    .getByTestId("data-file")
    .setInputFiles({ name: "talk.jsonl", mimeType: "application/jsonl", buffer: files(rows) });
  const finding = page.getByTestId("finding-dispatch");
  await expect(finding).toContainText("stops", { timeout: 20_000 });
  await page.getByTestId("fix-dispatch").click();
  await expect(finding).toHaveCount(0);
  await expect(facts(page)).toContainText("conversations");
  expect(faults).toEqual([]);
});
