/**
 * Compiles kernels/*.ts (AssemblyScript) to wasm/simd.ts and wasm/relaxed.ts: the module's bytes as base64.
 *
 *     npm run build:cpu
 *
 * The output is committed, so that a clone, the page, its worker, the CLI and the tests all load the same bytes by an
 * ordinary import, with no build step before them and no fetch. A test compares the hash of the sources.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const kernels = new URL("kernels/", import.meta.url);

/** What the committed bytes were made from. */
export function sourceHash() {
  const hash = createHash("sha256");
  for (const name of readdirSync(kernels).sort()) hash.update(name).update(readFileSync(new URL(name, kernels)));
  return hash.digest("hex").slice(0, 16);
}

async function build() {
  const { default: asc } = await import("assemblyscript/asc");
  for (const name of ["simd", "relaxed"]) {
    const file = new URL(`wasm/${name}.ts`, import.meta.url);
    const options = ["-O3", "--noAssert", "--runtime", "stub", "--use", "abort=", "--exportTable"];
    const memory = ["--importMemory", "--sharedMemory", "--maximumMemory", "65536"];
    const features = [
      "--enable",
      "simd",
      "--enable",
      "threads",
      ...(name === "relaxed" ? ["--enable", "relaxed-simd"] : []),
    ];
    let bytes = new Uint8Array();
    const { error, stderr } = await asc.main(
      ["index.ts", "--baseDir", fileURLToPath(kernels), "--outFile", "out.wasm", ...options, ...memory, ...features],
      {
        writeFile: (_, contents) => {
          bytes = contents;
        },
      },
    );
    if (error) throw new Error(`${error.message}\n${stderr}`);
    const header = "/** Made by src/cpu/build.mjs from src/cpu/kernels; do not edit. */";
    const base64 = Buffer.from(bytes).toString("base64");
    writeFileSync(file, `${header}\nexport const SOURCE = "${sourceHash()}";\nexport const BASE64 =\n  "${base64}";\n`);
    console.log(`${name}: ${bytes.length} bytes`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await build();
