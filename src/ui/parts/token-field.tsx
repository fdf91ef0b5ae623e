/** The token of this visit for the Hub, for models and data alike; it lives in memory only. */
import { NameInput } from "@/ui/parts/name-input";
import { token } from "@/ui/state/hub";

interface TokenFieldProps {
  readonly id: string;
  readonly open: boolean;
  readonly disabled: boolean;
}

export function TokenField({ id, open, disabled }: TokenFieldProps) {
  return (
    <details open={open || token.value !== ""}>
      <summary>Private or gated?</summary>
      <label for={id} class="help">
        Access token, kept in memory until you leave
      </label>
      <NameInput
        id={id}
        secret
        value={token.value}
        disabled={disabled}
        onValue={(value) => {
          token.value = value;
        }}
      />
    </details>
  );
}
