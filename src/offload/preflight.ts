/** Everything about a job that can be known before anything is sent or spent, each in a sentence. */
import * as z from "zod/mini";
import { AppError, toWire } from "@/errors";
import { licenceView } from "@/export/license";
import { whoAmI } from "@/hub/account";
import { ask as askHub, type Hub, impatient, readJson } from "@/hub/client";
import { flavorPrices } from "./hardware";
import { dollars } from "./job";
import { BUCKET, commandLine, type JobAsk, newKey, requireWhole, sentFiles } from "./submission";

export interface Preflight {
  readonly name: "account" | "credit" | "jobs" | "bucket" | "flavor" | "model" | "licence" | "data" | "script";
  /** A failed check keeps the job from being submitted; a warning is for people to weigh. */
  readonly state: "passed" | "warning" | "failed";
  readonly sentence: string;
}

export interface JobPreview {
  readonly namespace: string;
  /** The job's folder and label. */
  readonly key: string;
  readonly checks: readonly Preflight[];
  readonly ok: boolean;
  readonly flavor: string;
  /** Null where the price could not be had. */
  readonly dollarsPerMinute: number | null;
  readonly timeoutSeconds: number;
  /** What the job can cost at most. */
  readonly ceilingDollars: number | null;
  /** What leaves this machine, and where it goes. */
  readonly leaves: readonly string[];
  readonly mountModel: boolean;
  /** The same job without us, for a shell beside the files. */
  readonly commandLine: string;
}

const HubModel = z.object({
  gated: z._default(z.union([z.boolean(), z.string()]), false),
  private: z._default(z.boolean(), false),
  cardData: z.optional(z.unknown()),
});
const Licence = z.object({ license: z.string().check(z.maxLength(100)) });

/** `findings`: what the gates call red in the rows, the trainer's own dispatch included. Throws "usage" and network faults. */
export async function preflight(
  hub: Hub,
  ask: JobAsk,
  findings: readonly string[],
  now = Date.now(),
): Promise<JobPreview> {
  requireWhole(ask);
  const account = await whoAmI(hub).catch((error: unknown) => {
    if (error instanceof AppError && error.code === "usage" && !hub.token?.trim()) {
      throw new AppError("usage", "A job needs a token of Hugging Face.", {
        hint: 'Log in, or make one with the permissions to write and to run jobs ("job.write") at huggingface.co/settings/tokens; on the command line it is HF_TOKEN.',
        cause: error,
      });
    }
    throw error;
  });
  const namespace = ask.namespace ?? account.name;
  const checks: Preflight[] = [];
  const tell = (name: Preflight["name"], fault: string | null, fine: string, state: Preflight["state"] = "failed") =>
    void checks.push({ name, state: fault === null ? "passed" : state, sentence: fault ?? fine });

  tell("account", null, `The token belongs to ${account.name}.`);
  const pays = account.canPay(namespace);
  const poor = `${namespace} has no way to pay on record: without credit the Hub will refuse, and nothing is spent.`;
  tell(
    "credit",
    pays === false ? poor : null,
    pays === null ? "The Hub does not say whether there is credit." : "There is a way to pay.",
    "warning",
  );
  tell("jobs", account.jobsRefusal(namespace), `It may run jobs of ${namespace}.`);
  tell("bucket", account.refusal(`${namespace}/${BUCKET}`), `Results go to the private bucket ${namespace}/${BUCKET}.`);

  const prices = await flavorPrices(hub).catch((error: unknown) => toWire(error).message);
  const price = typeof prices === "string" ? null : (prices.get(ask.flavor) ?? null);
  const gone =
    typeof prices === "string"
      ? prices
      : `The Hub has no flavor ${ask.flavor} now; it has ${[...prices.keys()].join(", ")}.`;
  const ceiling = price === null ? null : ceilingOf(price, ask.timeoutSeconds);
  tell("flavor", price === null ? gone : null, `${ask.flavor} costs ${dollars((price ?? 0) * 60)} an hour.`);

  const model = await modelCheck(hub, ask.model.name);
  checks.push(...model.checks);
  tell(
    "data",
    findings.length === 0 ? null : `The rows would not train as they are: ${findings.join(" ")}`,
    "The rows are what the trainer reads.",
  );
  const script = await ask.files.find(({ name }) => name === "train.py")?.blob.text();
  tell(
    "script",
    /^# \/\/\/ script$/m.test(script ?? "")
      ? null
      : "train.py names no dependencies (PEP 723), so that uv could not run it.",
    "The script names what it needs.",
  );

  const key = ask.continues ?? newKey(ask.name, now, Math.floor(performance.now() * 1000));
  const place = { namespace, key, mountModel: model.mount };
  return {
    ...{ namespace, key, checks, ok: checks.every(({ state }) => state !== "failed") },
    ...{ flavor: ask.flavor, dollarsPerMinute: price, timeoutSeconds: ask.timeoutSeconds, ceilingDollars: ceiling },
    ...{
      leaves: leavesOf(ask, namespace, hub.endpoint),
      mountModel: model.mount,
      commandLine: commandLine(ask, place),
    },
  };
}

/** Every begun minute of the timeout, rounded up to a cent. */
export const ceilingOf = (dollarsPerMinute: number, timeoutSeconds: number) =>
  Math.ceil(Math.ceil(timeoutSeconds / 60) * dollarsPerMinute * 100 - 1e-6) / 100;

function leavesOf(ask: JobAsk, namespace: string, endpoint: string): string[] {
  const { data, model } = ask;
  const bytes = sentFiles(ask).reduce((sum, { blob }) => sum + blob.size, 0);
  return [
    `${data.trainRows} rows of ${data.name} to train on and ${data.evalRows} held out, as text, and the script with every setting: ${(bytes / 1e6).toFixed(2)} MB.`,
    `They go to ${new URL(endpoint).host}, into the private bucket ${namespace}/${BUCKET}, and from there to the rented machine; they stay in the bucket until you delete them.`,
    `The machine loads ${model.name} itself. Your token goes to no machine and into no file.`,
  ];
}

async function modelCheck(hub: Hub, name: string): Promise<{ checks: Preflight[]; mount: boolean }> {
  const failed = (sentence: string) => ({
    checks: [{ name: "model", state: "failed", sentence } as const],
    mount: false,
  });
  if (!/^[\w][\w.-]*\/[\w][\w.-]*$/.test(name)) {
    return failed(
      `${name} is not a model on the Hub, and the job can load no other. Push it there first, privately if you like.`,
    );
  }
  try {
    const answer = await askHub(impatient(hub, 1), `/api/models/${name}`, name);
    const found = await readJson(answer, `What the Hub says of ${name}`, HubModel);
    const card = z.safeParse(Licence, found.cardData);
    const { forbids, notes } = licenceView(card.success ? card.data.license : undefined);
    const mount = found.private || found.gated !== false;
    const gated = found.gated !== false ? await gateFault(hub, name) : null;
    if (gated !== null) return failed(gated);
    const said = mount
      ? `${name} is ${found.private ? "private" : "gated"}; the job reads it through your access, without a token.`
      : `${name} is open to all.`;
    return {
      checks: [
        { name: "model", state: "passed", sentence: said },
        {
          name: "licence",
          state: forbids === null ? "passed" : "warning",
          sentence: forbids ?? notes[0] ?? "Its licence asks for nothing here.",
        },
      ],
      mount,
    };
  } catch (error) {
    const { message, hint } = toWire(error);
    return failed(`${message} ${hint}`);
  }
}

/** The list of a gated model is public, its files are not. */
async function gateFault(hub: Hub, name: string): Promise<string | null> {
  try {
    const response = await askHub(impatient(hub, 1), `/${name}/resolve/main/config.json`, name);
    await response.body?.cancel();
    return null;
  } catch (error) {
    if (error instanceof AppError && error.code === "hub/denied") return `${error.message} ${error.hint}`;
    return null;
  }
}
