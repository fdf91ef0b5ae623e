/**
 * A report as one file: its view, its style and its JSON, which opens it again. Nothing in it runs or is fetched: all text is
 * escaped, and a policy in the file's head allows its one style sheet, by its hash, and nothing else.
 */
import type { SuiteReport } from "@/eval/suite-report";
import tokens from "@/ui/styles/tokens.css?raw";
import { sha256Hex } from "@/util/sha256";
import { VERSION } from "@/util/version";
import { embed } from "./embed";
import style from "./report.css?raw";
import page from "./report-page.css?raw";
import type { Tree } from "./tree";
import { reportView } from "./view";
import { headlineOf } from "./words";

export async function reportHtml(report: SuiteReport, edited: readonly string[] = []): Promise<string> {
  const css = `${tokens}\n${page}\n${style}`;
  const hash = btoa(String.fromCharCode(...bytesOf(await sha256Hex(new TextEncoder().encode(css)))));
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const title = `${headlineOf(report)} · ${report.declared.suite.name}`;
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escaped(title)}</title>`,
    `<style>${css}</style>`,
    "</head><body><main>",
    write(reportView(report, edited)),
    `<footer class="report-soft">Made by Burnish ${escaped(VERSION)}. This file holds its own data: drop it into the room Evaluate, or give it to burnish compare.</footer>`,
    "</main>",
    embed(report),
    "</body></html>\n",
  ].join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? "");

export function write(tree: Tree): string {
  if (typeof tree === "string") return escaped(tree);
  const { tag, attributes, children } = tree;
  const pairs = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value ?? "")}"`);
  return `<${tag}${pairs.join("")}>${children.map(write).join("")}</${tag}>`;
}

const bytesOf = (hex: string) => (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
