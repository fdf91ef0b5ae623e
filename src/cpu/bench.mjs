/**
 * Runs block.bench.ts without a build, or train/rollout.bench.ts: node src/cpu/bench.mjs [--rollout] [--plain] [threads …]
 */
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const given = process.argv.slice(2);
const threads = given.filter((word) => /^\d+$/.test(word)).map(Number);
const root = fileURLToPath(new URL("../..", import.meta.url));
const server = await createServer({
  root,
  configFile: false,
  appType: "custom",
  server: { middlewareMode: true, ws: false, watch: null },
  resolve: { alias: { "@": `${root}src` } },
  logLevel: "error",
});
const rollout = given.includes("--rollout");
const { bench } = await server.ssrLoadModule(rollout ? "/src/train/rollout.bench.ts" : "/src/cpu/block.bench.ts");
await bench(threads.length > 0 ? threads : rollout ? [2] : [1, 2], !given.includes("--plain"));
process.exit(0);
