/** What the Jobs API refuses, in words: what is wrong, what was spent, what to do next. */
import { AppError } from "@/errors";

const TOKEN_PAGE = "huggingface.co/settings/tokens";
const NOTHING_SPENT = "Nothing was started or spent.";

/** `doing`: "start the job". `started` for a job that runs on whatever happens here. */
export function jobsError(error: unknown, doing: string, namespace: string): AppError {
  if (error instanceof AppError) return error;
  const { statusCode, message = "", name } = (error ?? {}) as { statusCode?: number; message?: string; name?: string };
  const said = plain(message);
  const untouched = /^(start|put)/.test(doing) ? NOTHING_SPENT : "A job that runs is not touched by this.";
  const fail = (code: AppError["code"], what: string, hint: string) => new AppError(code, what, { hint, cause: error });
  switch (statusCode) {
    case 401:
      return fail(
        "hub/denied",
        "The Hub does not know this token.",
        `Check that it is whole and not expired (${TOKEN_PAGE}). ${untouched}`,
      );
    case 402:
      return fail(
        "job/no-credit",
        `The account ${namespace} has no credit for this: ${said}`,
        `Add some at huggingface.co/settings/billing, then submit again. ${untouched}`,
      );
    case 403:
      return fail(
        "hub/denied",
        `This token may not ${doing} in the name of ${namespace}: ${said}`,
        `Make a token with the permission to run jobs ("job.write") there, at ${TOKEN_PAGE}. ${untouched}`,
      );
    case 404:
      return fail(
        "hub/not-found",
        `The Hub knows no such job of ${namespace}.`,
        "List the jobs to see their names; one that was deleted is gone.",
      );
    case 409:
      return fail(
        "usage",
        `The Hub says that this cannot be now: ${said}`,
        "Look at the job's status: it may be over already, or running.",
      );
    case 429:
      return fail(
        "network/failed",
        "The Hub answered with too many requests at once.",
        "Wait a few minutes, then try again.",
      );
    default:
  }
  if (statusCode !== undefined && statusCode < 500) {
    const flavor = /flavor/i.test(said);
    const hint = flavor ? "Flavors come and go; look at the hardware list and choose another." : untouched;
    return fail(
      flavor ? "job/no-flavor" : "usage",
      `The Hub did not ${doing}: ${said}`,
      `${hint}${flavor ? ` ${untouched}` : ""}`,
    );
  }
  if (name === "AbortError") return fail("run/stopped", "Stopped.", "");
  const why =
    statusCode === undefined
      ? "the connection broke, or this browser was not let through"
      : `it answered ${statusCode}`;
  return fail(
    "network/failed",
    `The Hub could not be asked to ${doing}: ${why}.`,
    "Check the connection, then try again.",
  );
}

/** Without addresses and identifiers of requests. */
const plain = (message: string) =>
  message
    .replace(/\. (URL|Request ID): .*$/s, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 300);
