/**
 * Compiles block-kernels/*.ts (AssemblyScript) to block-kernels.wasm.ts: the module's bytes as base64, committed, so that
 * nothing is built or fetched before they run. A test compares the hash of the sources.
 *
 *     npm run build:cpu
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const kernels = new URL("block-kernels/", import.meta.url);

/** What the committed bytes were made from. */
export function sourceHash() {
  const hash = createHash("sha256");
  for (const name of readdirSync(kernels).sort()) hash.update(name).update(readFileSync(new URL(name, kernels)));
  return hash.digest("hex").slice(0, 16);
}

async function build() {
  const { default: asc } = await import("assemblyscript/asc");
  let bytes = new Uint8Array();
  const { error, stderr } = await asc.main(
    [
      ...["index.ts", "--baseDir", fileURLToPath(kernels), "--outFile", "out.wasm", "-O3", "--noAssert"],
      ...["--runtime", "stub", "--use", "abort=", "--enable", "simd"],
    ],
    {
      writeFile: (_, contents) => {
        bytes = contents;
      },
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  const header = "/** Made by src/model/build-block-kernels.mjs from src/model/block-kernels; do not edit. */";
  const base64 = Buffer.from(bytes).toString("base64");
  const text = `${header}\nexport const SOURCE = "${sourceHash()}";\nexport const BASE64 =\n  "${base64}";\n`;
  writeFileSync(new URL("block-kernels.wasm.ts", import.meta.url), text);
  console.log(`block kernels: ${bytes.length} bytes`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await build();
