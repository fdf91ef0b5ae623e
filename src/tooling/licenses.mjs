/**
 * Writes THIRD_PARTY_LICENSES.md: what is shipped with the page or needed by the command line, and under which terms.
 * Read from the installed packages that package-lock.json lists as needed beyond development.
 *
 *   node src/tooling/licenses.mjs
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./install.mjs";

export const LICENSES_FILE = join(ROOT, "THIRD_PARTY_LICENSES.md");

function shippedPackages() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  return Object.entries(packages)
    .filter(
      ([path, entry]) =>
        path.startsWith("node_modules/") && !entry.link && !entry.dev && !entry.devOptional && !entry.optional,
    )
    .map(([path]) => path)
    .sort();
}

function section(path) {
  const folder = join(ROOT, path);
  const { name, version, license, repository, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const address = (typeof repository === "string" ? repository : (repository?.url ?? ""))
    .replace(/^git\+|\.git$/g, "")
    .replace(/^git:/, "https:")
    .replace(/^(?:github:)?([\w-]+\/[\w-]+)$/, "https://github.com/$1");
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  const by = typeof author === "string" ? author : (author?.name ?? "");
  const text = file
    ? readFileSync(join(folder, file), "utf8").replace(/\r\n/g, "\n").trim()
    : `The package has no licence file; its package.json says ${license}${by ? `, author ${by}` : ""}.`;
  const notice = readdirSync(folder).find((entry) => /^notice(\.|$)/i.test(entry));
  const more = notice ? `\n\n${readFileSync(join(folder, notice), "utf8").trim()}` : "";
  return `## ${name} ${version}\n\n${license} · ${address}\n\n\`\`\`\`text\n${text}${more}\n\`\`\`\`\n`;
}

/** @returns {string} */
export function thirdPartyLicenses() {
  const head =
    "# Third-party licences\n\nPackages that are part of the built page or that the command line needs. Made by `node src/tooling/licenses.mjs`; do not\nedit by hand.\n";
  return [head, ...shippedPackages().map(section)].join("\n");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  writeFileSync(LICENSES_FILE, thirdPartyLicenses());
