import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";
import { softwareVulkan } from "./src/tooling/software-vulkan.mjs";

// Tests that need a GPU run in child processes on Chromium's software one; its loader reads these at their start.
if (process.env.VITEST && !process.env.BURNISH_HARDWARE_GPU) Object.assign(process.env, softwareVulkan());

// The headers give the page shared memory, which the CPU target's worker pool needs.
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig(({ isSsrBuild }) => ({
  base: "./",
  plugins: [preact()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  worker: { format: "es" },
  server: { headers: isolation },
  // What the judges of e2e/oracle import is not installed here; only the page is looked through.
  optimizeDeps: { entries: ["index.html"] },
  preview: { headers: isolation },
  build: isSsrBuild
    ? {
        outDir: "dist/cli",
        copyPublicDir: false,
        target: "node20",
        rolldownOptions: { input: { burnish: "src/cli/main.ts" } },
      }
    : { outDir: "dist/web", target: "es2022" },
  test: {
    // Style that a saved report carries as text; Vitest would give it empty.
    css: { include: [/report-view|tokens\.css/] },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts"],
          exclude: ["src/**/*.gpu.test.ts", "src/ops/**"],
          // A guard against what hangs, not a measurement: a busy machine may be ten times slower.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "gpu",
          include: ["src/ops/**/*.test.ts", "src/**/*.gpu.test.ts"],
          pool: "forks",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
}));
