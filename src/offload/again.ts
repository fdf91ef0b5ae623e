/**
 * A job that ended too early goes on: a new job in the same folder, with the script and the rows that lie there, so that it
 * begins with the last checkpoint. Only what may differ is asked for: time, and the machine.
 */
import { AppError } from "@/errors";
import type { Hub } from "@/hub/client";
import type { NamedFile } from "@/worker/api/sources";
import { bucketPlace } from "./bring-home";
import type { KeptJob } from "./kept-jobs";
import { BUCKET, type JobAsk, SENT } from "./submission";

const NEEDED = ["train.py", "train.jsonl"];
const LARGEST = 4_000_000_000;

/** Throws "usage" when its folder is gone, and network faults. */
export async function askAgain(hub: Hub, kept: KeptJob): Promise<JobAsk> {
  const place = bucketPlace(hub, `${kept.namespace}/${BUCKET}`, kept.key);
  const files: NamedFile[] = [];
  for (const name of SENT) {
    const blob = await place.read(name, LARGEST);
    if (blob) files.push({ name, blob });
    else if (NEEDED.includes(name))
      throw new AppError("usage", `There is no ${name} in ${place.name} any more, so that the job cannot go on.`, {
        hint: "Submit it anew: burnish jobs submit with --model and --data, or --from DIR.",
      });
  }
  const { name, recipe, model, data, flavor, timeoutSeconds, namespace, key } = kept;
  return { name, files, recipe, model, data, flavor, timeoutSeconds, namespace, continues: key };
}
