/** The checks of the data in the page: a finding stops the run, its rows can be looked at, its fix lets it go; and the practice room. */
import { expect, test } from "playwright/test";
import { files, openPage } from "./support";

const words = "river stone lamp garden bridge boat clock piano letter rope table engine apple hammer ticket drum".split(
  " ",
);
const row = (i: number) => ({
  prompt: `Say ${words[i % 16]} and ${words[(i * 7 + (i >> 4)) % 16]} number ${i}:`,
  completion: ` ${words[(i * 5) % 16]} ${i}`,
});

test("a red finding stops the run until its fix is applied; rows, lengths and the probe are shown", async ({
  page,
}) => {
  const faults = await openPage(page, "cpu");
  await page.getByTestId("open-ember").click();
  const rows = Array.from({ length: 60 }, (_, i) => (i === 6 || i === 20 ? { ...row(i), completion: " N/A" } : row(i)));
  const held = Array.from({ length: 12 }, (_, i) => row(200 + i));
  await page
    .getByTestId("data-eval-file")
    .setInputFiles({ name: "held.jsonl", mimeType: "application/jsonl", buffer: files(held) });
  await page
    .getByTestId("data-file")
    .setInputFiles({ name: "r.jsonl", mimeType: "application/jsonl", buffer: files(rows) });

  const finding = page.getByTestId("finding-empty-answers");
  await expect(finding).toContainText("2 rows have");
  await finding.getByRole("button", { name: "21" }).click();
  await expect(page.getByTestId("row-view")).toContainText("line 21");
  await expect(page.getByTestId("row-view")).toContainText("N/A");
  await page.getByTestId("next-row").click();
  await expect(page.getByTestId("row-view")).toContainText("line 22");
  await expect(page.getByTestId("lengths")).toContainText("99 % up to");

  await expect(page.getByTestId("stopped-by")).toContainText("Answers without content");
  await page.getByLabel(/^Steps/).fill("4");
  await page.getByTestId("start-training").click();
  await expect(page.getByTestId("error-panel")).toHaveAttribute("data-code", "dataset/gate");

  await page.getByTestId("fix-empty-answers").click();
  await expect(finding).toHaveCount(0);
  await expect(page.getByTestId("stopped-by")).toHaveCount(0);
  await page.getByTestId("probe-run").click();
  await expect(page.getByTestId("probe")).toContainText(/Go: the loss starts where the base model is/, {
    timeout: 60_000,
  });
  await page.getByTestId("start-training").click();
  await expect(page.getByTestId("compare")).toBeEnabled({ timeout: 60_000 });
  expect(faults).toEqual([]);
});

test("the practice room: a guess, the answer, another set", async ({ page }) => {
  await openPage(page, "cpu");
  await page.getByRole("link", { name: "Practice" }).click();
  await expect(page.getByTestId("practice-rows").first().locator("li").first()).not.toBeEmpty();
  await page.getByTestId("guess-leakage").click();
  await expect(page.getByTestId("practice-answer")).toContainText(/Right\.|Not this time\./);
  await page.getByTestId("practice-next").click();
  await expect(page.getByTestId("practice-answer")).toHaveCount(0);
});
