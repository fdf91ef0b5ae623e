/** Builds the command line's program when its sources are newer than the last build; quiet unless something fails. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./install.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = join(root, "dist/cli/burnish.js");

/** @returns {Promise<string>} path of the built program */
export async function buildCli() {
  await ensureInstalled();
  if (existsSync(program) && statSync(program).mtimeMs > newest()) return program;
  process.stderr.write("Building the command line …\n");
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const { status, stderr, stdout } = spawnSync(process.execPath, [vite, "build", "--ssr", "--logLevel", "error"], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`The build failed:\n${stdout}${stderr}`);
  return program;
}

function newest() {
  const files = ["src", "shaders"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
  );
  return Math.max(
    ...[...files, join(root, "vite.config.ts"), join(root, "package.json")].map((file) => statSync(file).mtimeMs),
  );
}
