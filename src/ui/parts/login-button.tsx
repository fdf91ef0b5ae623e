/** Logging in at the Hub instead of pasting a token; only where the host of this page has registered it there. */
import { HUB } from "@/hub/reference";
import { idle } from "@/ui/state/core";
import { type LoginUse, loggingIn, login, loginClient } from "@/ui/state/login";

export function LoginButton({ use }: { use: LoginUse }) {
  if (loginClient() === "") return null;
  const control = loggingIn.value;
  return (
    <div class="actions">
      {control ? (
        <button type="button" class="quiet" data-testid="login-cancel" onClick={() => control.abort()}>
          Stop waiting for the other window
        </button>
      ) : (
        <button
          type="button"
          class="quiet"
          data-testid="login"
          disabled={!idle.value}
          onClick={() => void login(HUB, use)}
        >
          Log in with Hugging Face instead
        </button>
      )}
    </div>
  );
}
