/** Where in the bucket a job's result lies, as its label says. */
import { AppError } from "@/errors";
import type { Job } from "@/offload/job";

/** Runs of a schedule write beside each other. */
export function folderOf({ id, labels, scheduled }: Job): string {
  const key = labels.burnish;
  if (key && /^[0-9a-z][0-9a-z-]{3,100}$/.test(key)) return scheduled ? `${key}/out-${id}` : `${key}/out`;
  throw new AppError("usage", "That job was not made by Burnish: it has no label that says where its result lies.", {
    hint: "Fetch the folder that it wrote: burnish jobs fetch DIR.",
  });
}
