/** Pushing what lies ready to the Hub: the form, what can be said before, and what came of it. The token stays in memory. */
import { signal } from "@preact/signals";
import { AppError } from "@/errors";
import { attempt, session } from "@/ui/state/core";
import { bytes } from "@/ui/state/format";
import { progress, ready } from "@/ui/state/take";
import type { PushAsk, PushStep, PushView } from "@/worker/api/push";

export const pushRepo = signal("");
export const pushToken = signal("");
export const pushPublic = signal(false);
export const pushUpdate = signal(false);
export const pushView = signal<PushView | null>(null);
export const pushed = signal<string | null>(null);

const PHASES: Readonly<Record<PushStep["phase"], string>> = {
  check: "Checking",
  hash: "Hashing",
  send: "Sending",
  commit: "Committing",
};

const asked = (): PushAsk => ({
  repo: pushRepo.value.trim(),
  isPublic: pushPublic.value,
  update: pushUpdate.value,
  token: pushToken.value,
});

/** Says everything that can be said before a byte is sent. */
export function checkPush(): Promise<boolean> {
  return attempt("take", async () => {
    pushView.value = null;
    pushed.value = null;
    pushView.value = await session().checkPush(asked(), ready.value?.files ?? []);
  });
}

export function startPush(): Promise<boolean> {
  return attempt("take", async () => {
    const view = pushView.value;
    if (view?.forbids) throw new AppError("usage", view.forbids, { hint: "Keep it for yourself." });
    try {
      const { url } = await session().push(asked(), ready.value?.files ?? [], ({ phase, done, total }) => {
        progress.value = {
          label: `${PHASES[phase]}, ${bytes(total)} in all`,
          fraction: total > 0 ? done / total : null,
        };
      });
      pushed.value = url;
      pushView.value = null;
    } finally {
      progress.value = null;
    }
  });
}
