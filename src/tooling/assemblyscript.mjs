/** AssemblyScript to WebAssembly as a committed TypeScript file: nothing is built or fetched before kernels run. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What committed bytes were made from; a test compares it. */
export function hashOfFolder(folder) {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(new URL(name, folder)));
  return hash.digest("hex").slice(0, 16);
}

/** Compiles index.ts of `folder`; `out` becomes a module of SOURCE, the hash, and BASE64. `maker` is told in its header. */
export async function assemble({ folder, out, maker, options }) {
  const { default: asc } = await import("assemblyscript/asc");
  let bytes = new Uint8Array();
  const shared = ["-O3", "--noAssert", "--runtime", "stub", "--use", "abort=", "--enable", "simd"];
  const { error, stderr } = await asc.main(
    ["index.ts", "--baseDir", fileURLToPath(folder), "--outFile", "out.wasm", ...shared, ...options],
    {
      writeFile: (_, contents) => {
        bytes = contents;
      },
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  const base64 = Buffer.from(bytes).toString("base64");
  const header = `/** Made by ${maker}; do not edit. */`;
  writeFileSync(
    out,
    `${header}\nexport const SOURCE = "${hashOfFolder(folder)}";\nexport const BASE64 =\n  "${base64}";\n`,
  );
  return bytes.length;
}
