/** The way to the Hub: a name, a token, what will happen, and then it happens. Private unless told otherwise. */
import { PUSH_SCOPES } from "@/hub/login";
import { LoginButton } from "@/ui/parts/login-button";
import { NameInput } from "@/ui/parts/name-input";
import { idle } from "@/ui/state/core";
import { bytes } from "@/ui/state/format";
import { checkPush, pushed, pushPublic, pushRepo, pushToken, pushUpdate, pushView, startPush } from "@/ui/state/push";

export function PushForm() {
  const complete = /^[\w.-]+\/[\w.-]+$/.test(pushRepo.value.trim()) && pushToken.value.trim() !== "";
  const setToken = (token: string) => {
    pushToken.value = token;
    pushView.value = null;
  };
  return (
    <details class="push">
      <summary data-testid="push-open">Push to the Hugging Face Hub</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void checkPush();
        }}
      >
        <div class="field">
          <label for="push-repo">Repository</label>
          <NameInput
            id="push-repo"
            placeholder="your-name/my-model"
            value={pushRepo.value}
            onValue={(value) => {
              pushRepo.value = value;
              pushView.value = null;
            }}
          />
        </div>
        <div class="field">
          <label for="push-token">Token with write permission</label>
          <NameInput
            id="push-token"
            secret
            placeholder="hf_…"
            value={pushToken.value}
            help="push-token-help"
            onValue={setToken}
          />
          <p class="help" id="push-token-help">
            From huggingface.co/settings/tokens. It goes to the Hub alone and is forgotten with this tab.
          </p>
        </div>
        <LoginButton use={{ place: "take", scopes: PUSH_SCOPES, onToken: setToken }} />
        <label class="check">
          <input
            type="checkbox"
            checked={pushPublic.value}
            onChange={(event) => {
              pushPublic.value = event.currentTarget.checked;
            }}
          />
          <span>Public, for all to see</span>
        </label>
        <div class="actions">
          <button type="submit" class="quiet" data-testid="push-check" disabled={!idle.value || !complete}>
            Check
          </button>
        </div>
      </form>
      <View />
      {pushed.value && (
        <p data-testid="pushed">
          Pushed:{" "}
          <a href={pushed.value} rel="noreferrer" target="_blank">
            {pushed.value}
          </a>
        </p>
      )}
    </details>
  );
}

function View() {
  const view = pushView.value;
  if (!view) return null;
  const { repo, account, exists, replaces, forbids, notes } = view;
  const kind = pushPublic.value ? "public" : "private";
  return (
    <div data-testid="push-view">
      <p>
        {exists
          ? `${repo} exists; ${replaces.length} of its files will be replaced, in one commit by ${account}.`
          : `${repo} will be made, ${kind}, by ${account}: ${bytes(view.bytes)}.`}
      </p>
      {notes.map((note) => (
        <p key={note} class="soft">
          {note}
        </p>
      ))}
      {forbids && <p class="wrong">{forbids}</p>}
      {exists && (
        <label class="check">
          <input
            type="checkbox"
            data-testid="push-update"
            checked={pushUpdate.value}
            onChange={(event) => {
              pushUpdate.value = event.currentTarget.checked;
            }}
          />
          <span>Yes, update it</span>
        </label>
      )}
      <div class="actions">
        <button
          type="button"
          class="primary"
          data-testid="push"
          disabled={!idle.value || forbids !== null || (exists && !pushUpdate.value)}
          onClick={() => void startPush()}
        >
          Push
        </button>
      </div>
    </div>
  );
}
