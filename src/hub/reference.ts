/**
 * The name of a model on the Hub: `hf:owner/name[@revision][/file.gguf or .onnx]`, with or without `hf:`, or the address of its
 * page. It comes from a person or a link, so it is taken apart strictly; a slash within a revision is written %2F.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";

/** What the Hub allows in names: no dots or dashes in a row, none at the ends. */
const Repo = z.string().check(z.maxLength(96), z.regex(/^(?!.*(--|\.\.))\w[\w.-]*(?<![.-])\/\w[\w.-]*(?<![.-])$/));
const Revision = z.string().check(z.maxLength(100), z.regex(/^(?!.*\.\.)\w[\w./-]*$/));
const ModelFile = z.string().check(z.maxLength(100), z.regex(/^(?!.*(\.\.|\/\/))[\w.][\w. /+()-]*\.(gguf|onnx)$/i));
const Reference = z.object({ repo: Repo, revision: Revision, file: z.optional(ModelFile) });

export interface HubReference {
  /** "owner/name" */
  readonly repo: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** The one GGUF or ONNX file to take, by its path in the repository. */
  readonly file?: string | undefined;
}

export const HUB = "https://huggingface.co";
const DEFAULT_REVISION = "main";
const PAGE = /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\//i;

export const isReference = (text: string) => text.startsWith("hf:") || PAGE.test(text);
export const isCommit = (revision: string) => /^[0-9a-f]{40}$/.test(revision);

export function parseReference(text: string): HubReference {
  const given = text.trim();
  const parts = PAGE.test(given) ? partsOfPage(given.replace(PAGE, "")) : partsOfName(given.replace(/^hf:/, ""));
  const parsed = z.safeParse(Reference, parts);
  if (parsed.success) return parsed.data;
  const shown = given.length > 80 ? `${given.slice(0, 79)}…` : given;
  throw new AppError("usage", `"${shown}" does not name a model on the Hub.`, { hint: hintFor(given) });
}

/** The one way to write it: the revision only when it is not the main branch. */
export function formatReference({ repo, revision, file }: HubReference): string {
  const at = revision === DEFAULT_REVISION ? "" : `@${encodeURIComponent(revision)}`;
  return `hf:${repo}${at}${file === undefined ? "" : `/${file}`}`;
}

function partsOfName(name: string): Partial<HubReference> {
  const [, repo, revision = DEFAULT_REVISION, file] = /^([^/@]+\/[^/@]+)(?:@([^/]+))?(?:\/(.+))?$/.exec(name) ?? [];
  return { ...(repo ? { repo } : {}), revision: decode(revision), ...(file ? { file } : {}) };
}

/** owner/name, owner/name/tree/REVISION, owner/name/blob/REVISION/FILE, owner/name/resolve/REVISION/FILE */
function partsOfPage(path: string): Partial<HubReference> {
  const clean = path.replace(/[?#].*$/, "").replace(/\/$/, "");
  const [owner = "", name = "", kind, revision = DEFAULT_REVISION, ...rest] = clean.split("/");
  const file = kind === "blob" || kind === "resolve" ? decode(rest.join("/")) : "";
  // From a page that shows another file, the whole model is meant.
  const named = /\.(gguf|onnx)$/i.test(file) ? { file } : {};
  return { repo: `${owner}/${name}`, revision: decode(revision), ...named };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function hintFor(given: string): string {
  if (/^(hf:)?[\w.-]+$/.test(given)) return "Put its owner in front: owner/name, as in the address of its page.";
  if (/\/(?!.*\.(gguf|onnx)$)[^/]+\.\w+$/i.test(given))
    return "Only a .gguf or .onnx file can be named; of all else, name the repository.";
  return "Write owner/name, owner/name@revision or owner/name/file.gguf, as in HuggingFaceTB/SmolLM2-135M.";
}
