/** Whose token it is and where it may write, asked before anything is sent. */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { ask, type Hub, impatient, patiently, readJson } from "./client";

const Scope = z.object({
  entity: z.object({ type: z.string(), name: z.nullish(z.string()) }),
  permissions: z.array(z.string()),
});
const WhoAmI = z.object({
  name: z.string(),
  canPay: z.nullish(z.boolean()),
  orgs: z._default(z.array(z.object({ name: z.string(), canPay: z.nullish(z.boolean()) })), []),
  auth: z.nullish(
    z.object({
      accessToken: z.nullish(
        z.object({ role: z.string(), fineGrained: z.nullish(z.object({ scoped: z._default(z.array(Scope), []) })) }),
      ),
    }),
  ),
});

export interface Account {
  readonly name: string;
  readonly organisations: readonly string[];
  /** Why this token cannot write to a repository, or null where nothing is known against it. */
  refusal(repo: string): string | null;
  /** The same for running jobs in the name of an account or organisation. */
  jobsRefusal(namespace: string): string | null;
  /** Whether it has a way to pay; null where the Hub does not say. */
  canPay(namespace: string): boolean | null;
}

/** Throws "hub/denied" for a token that the Hub does not know, "usage" without one. */
export async function whoAmI(hub: Hub): Promise<Account> {
  if ((hub.token?.trim() ?? "") === "") {
    throw new AppError("usage", "Pushing to the Hub needs a token.", {
      hint: "Make one with write permission at huggingface.co/settings/tokens; on the command line it is HF_TOKEN.",
    });
  }
  const asking = impatient(hub, 2);
  const answer = await patiently(
    asking,
    () => 0,
    async () => readJson(await ask(asking, "/api/whoami-v2", "your account"), "Your account", WhoAmI),
  ).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== "hub/denied") throw error;
    throw new AppError("hub/denied", "The Hub does not know this token.", {
      hint: "Check that it is whole and not expired (huggingface.co/settings/tokens).",
      cause: error,
    });
  });
  const organisations = answer.orgs.map(({ name }) => name);
  const token = answer.auth?.accessToken;
  const foreign = (owner: string) => {
    if (owner === answer.name || organisations.includes(owner)) return null;
    const places = [answer.name, ...organisations].join(", ");
    return `This token belongs to ${answer.name}, who has no place called ${owner}, only ${places}.`;
  };
  return {
    name: answer.name,
    organisations,
    canPay: (namespace) =>
      (namespace === answer.name ? answer : answer.orgs.find(({ name }) => name === namespace))?.canPay ?? null,
    jobsRefusal: (namespace) => {
      const elsewhere = foreign(namespace);
      if (elsewhere !== null) return elsewhere;
      if (token?.role === "read") return "This token may only read; it may not run jobs.";
      if (token?.role !== "fineGrained") return null;
      const may = (token.fineGrained?.scoped ?? []).some(
        ({ entity, permissions }) => permissions.includes("job.write") && entity.name === namespace,
      );
      return may ? null : `This token lacks the permission to run jobs ("job.write") of ${namespace}.`;
    },
    refusal: (repo) => {
      const owner = repo.split("/")[0] ?? "";
      const elsewhere = foreign(owner);
      if (elsewhere !== null) return elsewhere;
      if (token?.role === "read") return "This token may only read.";
      if (token?.role !== "fineGrained") return null;
      const writes = (token.fineGrained?.scoped ?? []).some(
        ({ entity, permissions }) =>
          permissions.includes("repo.write") && (entity.name === owner || entity.name === repo),
      );
      return writes ? null : `This token may not write to repositories of ${owner}.`;
    },
  };
}
