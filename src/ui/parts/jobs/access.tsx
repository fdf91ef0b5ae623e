/** Who asks the Hub, and in whose name: everything below needs it, nothing above. */
import { JOB_SCOPES } from "@/hub/login";
import { LoginButton } from "@/ui/parts/login-button";
import { token } from "@/ui/state/hub";
import { namespace } from "@/ui/state/jobs-plan";

export function Access() {
  return (
    <>
      <div class="fields">
        <div class="field">
          <label for="jobs-token">Token that may run jobs</label>
          <input
            id="jobs-token"
            type="password"
            data-testid="jobs-token"
            placeholder="hf_…"
            autocomplete="off"
            value={token.value}
            aria-describedby="jobs-token-help"
            onInput={(event) => {
              token.value = event.currentTarget.value;
            }}
          />
          <p class="help" id="jobs-token-help">
            From huggingface.co/settings/tokens, with job.write and write. It goes to the Hub alone and is forgotten
            with this tab.
          </p>
        </div>
        <div class="field">
          <label for="jobs-namespace">In whose name</label>
          <input
            id="jobs-namespace"
            type="text"
            data-testid="jobs-namespace"
            placeholder="your own account"
            autocomplete="off"
            spellcheck={false}
            value={namespace.value}
            aria-describedby="jobs-namespace-help"
            onInput={(event) => {
              namespace.value = event.currentTarget.value;
            }}
          />
          <p class="help" id="jobs-namespace-help">
            An organisation, where that one pays.
          </p>
        </div>
      </div>
      <LoginButton
        use={{
          ...{ place: "jobs", scopes: JOB_SCOPES },
          onToken: (given) => {
            token.value = given;
          },
        }}
      />
    </>
  );
}
