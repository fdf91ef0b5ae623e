/** Files of a picked or dropped folder, by their names inside it; a single file has its own. */
import type { NamedFile } from "@/worker/api/sources";

export function inFolder(files: readonly File[]): { readonly name: string; readonly files: readonly NamedFile[] } {
  const [folder = ""] = files[0]?.webkitRelativePath.split("/") ?? [];
  const named = files.map((blob) => {
    return { name: blob.webkitRelativePath.split("/").slice(1).join("/") || blob.name, blob };
  });
  return { name: folder, files: named };
}
