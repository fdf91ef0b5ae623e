/**
 * The real transformers.js over exported folders: its greedy text must be what `burnish generate` says. It runs on
 * onnxruntime's WASM as in a web page, the folders served as a Hub would serve them.
 *
 *   node e2e/oracle/check_transformers_js.mjs CASES.json      [{ folder, dtype, prompt, text, maxTokens }]
 */
import { mkdtempSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import * as ort from "onnxruntime-web/wasm";
import { env, pipeline } from "@huggingface/transformers";

const cases = JSON.parse(readFileSync(process.argv[2], "utf8"));
const folders = [...new Set(cases.map(({ folder }) => folder))];
const server = createServer(async (request, response) => {
  const [, index, ...path] = new URL(request.url, "http://x").pathname.split("/");
  try {
    const body = await readFile(join(folders[Number(index)], normalize(path.join("/"))));
    response.writeHead(200, { "Content-Length": body.length }).end(request.method === "HEAD" ? undefined : body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
Object.assign(env, { remoteHost: `http://127.0.0.1:${server.address().port}/`, remotePathTemplate: "{model}/" });
env.cacheDir = mkdtempSync(join(tmpdir(), "burnish-transformers-"));
Object.assign(env, { allowLocalModels: false, useBrowserCache: false });
Object.assign(ort.env.wasm, { numThreads: 1, wasmPaths: undefined }); // it points at a CDN

let passed = 0;
let failed = 0;
for (const { folder, dtype, prompt, text, maxTokens } of cases) {
  const model = String(folders.indexOf(folder));
  const generate = await pipeline("text-generation", model, { dtype, device: "cpu" });
  const options = { max_new_tokens: maxTokens, do_sample: false, return_full_text: false };
  const [{ generated_text: said }] = await generate(prompt, options);
  if (said === text) passed++;
  else {
    failed++;
    console.log(`FAIL ${dtype} ${JSON.stringify(prompt)}: ${JSON.stringify(said)}, not ${JSON.stringify(text)}`);
  }
}
server.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
