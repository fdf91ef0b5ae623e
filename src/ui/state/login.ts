/**
 * Logging in by a window of its own. The page's isolation cuts that window off from this one, so the Hub sends it back to
 * this page's address, and there it hands over the query by a channel that only this origin hears.
 */
import { signal } from "@preact/signals";
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { startLogin } from "@/hub/login";
import { attempt, type Place } from "@/ui/state/core";

const CHANNEL = "burnish-login";
const Answer = z.string().check(z.regex(/^\?/), z.maxLength(4000));

/** Of the application that the host registered at the Hub; empty where there is none. */
export const loginClient = () =>
  document.querySelector<HTMLMetaElement>('meta[name="burnish-oauth-client"]')?.content.trim() ?? "";

/** While the other window is open. */
export const loggingIn = signal<AbortController | null>(null);

/** In that window: true when the address is the Hub's answer, which is then handed over. */
export function answeredLogin(query: string): boolean {
  const found = new URLSearchParams(query);
  if (loginClient() === "" || !found.has("state") || !(found.has("code") || found.has("error"))) return false;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(query);
  channel.close();
  history.replaceState(null, "", location.pathname);
  document.body.textContent = "Done. This window can be closed.";
  window.close();
  return true;
}

export interface LoginUse {
  readonly place: Place;
  /** What the token may do. */
  readonly scopes: string;
  /** Takes the token, which is kept nowhere else. */
  readonly onToken: (token: string) => void;
}

export function login(endpoint: string, { place, scopes, onToken }: LoginUse): Promise<boolean> {
  return attempt(place, async () => {
    loggingIn.value?.abort();
    // Opened at once, since a browser lets only a click do that.
    const popup = window.open("", "_blank", "popup,width=560,height=760");
    if (!popup) {
      throw new AppError("usage", "The browser did not let this page open a window.", {
        hint: "Allow windows for this page, or paste a token.",
      });
    }
    const control = new AbortController();
    loggingIn.value = control;
    try {
      const { url, finish } = await startLogin(endpoint, loginClient(), new URL(".", document.baseURI).href, scopes);
      const answered = nextAnswer(control.signal);
      popup.location.href = url;
      onToken(await finish(await answered));
    } catch (error) {
      popup.close();
      if (!control.signal.aborted) throw error;
    } finally {
      loggingIn.value = null;
    }
  });
}

function nextAnswer(signal: AbortSignal): Promise<string> {
  const channel = new BroadcastChannel(CHANNEL);
  const answer = new Promise<string>((done, fail) => {
    channel.onmessage = ({ data }) => {
      const { success, data: query } = z.safeParse(Answer, data);
      if (success) done(query);
    };
    signal.addEventListener("abort", () => fail(signal.reason));
  });
  return answer.finally(() => channel.close());
}
