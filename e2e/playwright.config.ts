/** The page in a real Chromium, against the built files; `npm test -- e2e` builds them first. */
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { defineConfig } from "playwright/test";
import { findBrowser } from "../src/tooling/browser.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address ? address.port : 0;
}

// Each worker reads this file again and must find the same port.
process.env.BURNISH_E2E_PORT ??= String(await freePort());
const port = process.env.BURNISH_E2E_PORT;
const executablePath = findBrowser();

export default defineConfig({
  testDir: ".",
  outputDir: "../test-results",
  forbidOnly: Boolean(process.env.CI),
  // The software GPU takes every core; two pages at once would only wait for each other.
  workers: 1,
  timeout: 120_000,
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    trace: "retain-on-failure",
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      args: [
        "--no-sandbox",
        "--enable-unsafe-webgpu", // without it there is no adapter on a machine without a GPU
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
  webServer: {
    command: `"${process.execPath}" src/tooling/server.mjs dist/web ${port}`,
    cwd: root,
    url: `http://127.0.0.1:${port}/`,
    reuseExistingServer: false,
  },
});
