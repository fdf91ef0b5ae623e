/** Rows by address, by their name on the Hub, or pasted. */
import { HubForm } from "@/ui/parts/hub-form";
import { TokenField } from "@/ui/parts/token-field";
import { idle } from "@/ui/state/core";
import { address, openAddress, openPasted, pasted } from "@/ui/state/data-input";

export function DataInput() {
  const blocked = !idle.value;
  return (
    <HubForm
      id="data-address"
      title="From Hugging Face, or any address"
      placeholder="hf:datasets/owner/name"
      value={address.value}
      blocked={blocked}
      ready={address.value.trim() !== ""}
      button={{ label: "Read rows", testid: "data-open" }}
      onValue={(value) => {
        address.value = value;
      }}
      onSubmit={() => void openAddress()}
      help={
        <>
          <code>:config:split</code> may follow. Parquet copies are read in parts; nothing is kept.
        </>
      }
      after={<Paste blocked={blocked} />}
    >
      <TokenField id="data-token" open={false} disabled={blocked} />
    </HubForm>
  );
}

function Paste({ blocked }: { blocked: boolean }) {
  return (
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
  );
}
