/** Who asks the Hub, and in whose name: everything below needs it, nothing above. */
import { JOB_SCOPES } from "@/hub/login";
import { LoginButton } from "@/ui/parts/login-button";
import { NameInput } from "@/ui/parts/name-input";
import { token } from "@/ui/state/hub";
import { namespace } from "@/ui/state/jobs-plan";

const setToken = (given: string) => {
  token.value = given;
};

export function Access() {
  return (
    <>
      <div class="fields">
        <div class="field">
          <label for="jobs-token">Token that may run jobs</label>
          <NameInput
            id="jobs-token"
            secret
            placeholder="hf_…"
            value={token.value}
            help="jobs-token-help"
            onValue={setToken}
          />
          <p class="help" id="jobs-token-help">
            From huggingface.co/settings/tokens, with job.write and write. It goes to the Hub alone and is forgotten
            with this tab.
          </p>
        </div>
        <div class="field">
          <label for="jobs-namespace">In whose name</label>
          <NameInput
            id="jobs-namespace"
            placeholder="your own account"
            value={namespace.value}
            help="jobs-namespace-help"
            onValue={(value) => {
              namespace.value = value;
            }}
          />
          <p class="help" id="jobs-namespace-help">
            An organisation, where that one pays.
          </p>
        </div>
      </div>
      <LoginButton use={{ place: "jobs", scopes: JOB_SCOPES, onToken: setToken }} />
    </>
  );
}
