/** Jobs that were submitted from here, so that they are found again later. No token, no rows: names, prices and settings. */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import type { RecordStore } from "@/storage/records";
import { Recipe } from "@/train/recipe";

const text = z.string().check(z.maxLength(500));

export const KeptJob = z.object({
  version: z.literal(1),
  id: z.string().check(z.regex(/^[\w-]{1,100}$/)),
  key: z.string().check(z.regex(/^[0-9a-z][0-9a-z-]{3,100}$/)),
  namespace: text,
  endpoint: text,
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  flavor: text,
  dollarsPerMinute: z.nullable(z.number()),
  ceilingDollars: z.nullable(z.number()),
  timeoutSeconds: z.number(),
  name: text,
  model: z.object({ name: text, revision: z.nullable(text) }),
  data: z.object({ name: text, trainRows: z.number(), evalRows: z.number() }),
  recipe: Recipe,
  /** As it was last heard of. */
  stage: text,
  spentDollars: z.nullable(z.number()),
  /** The run that it became here. */
  run: z.nullable(text),
});
export type KeptJob = z.infer<typeof KeptJob>;

export interface KeptJobs {
  /** Newest first. */
  list(): Promise<KeptJob[]>;
  /** By the whole name or a beginning that only one has; "last" is the newest. Throws "usage". */
  find(name: string): Promise<KeptJob>;
  get(id: string): Promise<KeptJob | undefined>;
  put(job: KeptJob): Promise<void>;
}

export function keptJobs(records: RecordStore): KeptJobs {
  const list = async () =>
    (await records.all())
      .flatMap((value) => {
        const parsed = z.safeParse(KeptJob, value);
        return parsed.success ? [parsed.data] : [];
      })
      .sort((a, b) => b.createdAt - a.createdAt);
  return {
    list,
    find: async (name) => {
      const all = await list();
      const found = name === "last" ? all.slice(0, 1) : all.filter(({ id }) => id.startsWith(name));
      // Of a job and those that went on with it the newest.
      if (found.length === 0) found.push(...all.filter(({ key }) => key === name).slice(0, 1));
      const [first] = found;
      if (first && found.length === 1 && name !== "") return first;
      const why =
        found.length > 1
          ? `Several jobs begin with "${name.slice(0, 80)}".`
          : `No job "${name.slice(0, 80)}" was submitted from here.`;
      throw new AppError("usage", why, {
        hint: "`burnish jobs list` shows their names; OWNER/ID names one from elsewhere.",
      });
    },
    get: async (id) => (await list()).find((job) => job.id === id),
    put: (job) => records.put(job.id, job),
  };
}
