/** Rows by address, by their name on the Hub, or pasted. */

import { NameInput } from "@/ui/parts/name-input";
import { TokenField } from "@/ui/parts/token-field";
import { idle } from "@/ui/state/core";
import { address, openAddress, openPasted, pasted } from "@/ui/state/data-input";

export function DataInput() {
  const blocked = !idle.value;
  return (
    <form
      class="zone solid"
      onSubmit={(event) => {
        event.preventDefault();
        if (!blocked && address.value.trim() !== "") void openAddress();
      }}
    >
      <label for="data-address">
        <strong>From Hugging Face, or any address</strong>
      </label>
      <NameInput
        id="data-address"
        placeholder="hf:datasets/owner/name"
        value={address.value}
        disabled={blocked}
        onValue={(value) => {
          address.value = value;
        }}
      />
      <p class="help">
        <code>:config:split</code> may follow. Parquet copies are read in parts; nothing is kept.
      </p>
      <TokenField id="data-token" open={false} disabled={blocked} />
      <div class="actions">
        <button type="submit" class="quiet" disabled={blocked || address.value.trim() === ""} data-testid="data-open">
          Read rows
        </button>
      </div>
      <details>
        <summary>Paste rows instead</summary>
        <textarea
          aria-label="Rows, as JSON Lines, JSON or CSV"
          data-testid="data-paste"
          rows={5}
          value={pasted.value}
          disabled={blocked}
          onInput={(event) => {
            pasted.value = event.currentTarget.value;
          }}
        />
        <button
          type="button"
          class="quiet"
          data-testid="data-paste-open"
          disabled={blocked || pasted.value.trim() === ""}
          onClick={() => void openPasted()}
        >
          Use these rows
        </button>
      </details>
    </form>
  );
}
