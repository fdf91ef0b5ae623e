/** A browser without WebGPU: the CPU engine trains by itself, and asking for WebGPU all the same is told in words. */
import { expect, test } from "playwright/test";
import { findBrowser } from "../src/tooling/browser.mjs";

const executablePath = findBrowser();

// Without --enable-unsafe-webgpu a machine without a GPU has no adapter at all.
test.use({
  launchOptions: {
    ...(executablePath ? { executablePath } : {}),
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run"],
  },
});

test("the CPU takes over, says so, and the 30-second demo takes less", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByTestId("device-notice")).toContainText(/Running on CPU, .*no WebGPU here/);
  const start = Date.now();
  await page.getByTestId("run-feelings").click();
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-verdict", "better", { timeout: 60_000 });
  expect(Date.now() - start).toBeLessThan(30_000);
});

test("WebGPU asked for where there is none: what is wrong, and what to do", async ({ page }) => {
  await page.goto("/?engine=webgpu");
  const panel = page.getByTestId("error-panel").first();
  await expect(panel).toHaveAttribute("data-code", "device/none");
  await expect(panel).toContainText(/no WebGPU adapter/i);
  await expect(panel).toContainText(/hardware acceleration|CPU/);
  await expect(page.getByTestId("run-demo")).toBeDisabled();
});
