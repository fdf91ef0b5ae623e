/** The built page loads whole: no error in the console, nothing asked of other servers, isolated. */
import { expect, test } from "playwright/test";

test("opens without errors, isolated, and asks nothing of other servers", async ({ page, baseURL }) => {
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("requestfailed", (request) => faults.push(`${request.url()} ${request.failure()?.errorText}`));
  page.on("request", (request) => {
    const own = baseURL !== undefined && request.url().startsWith(baseURL);
    if (!own && /^https?:/.test(request.url())) faults.push(`asked ${request.url()}`);
  });

  await page.goto("/");
  await expect(page).toHaveTitle(/Burnish/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.waitForLoadState("networkidle");
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(faults).toEqual([]);
});
