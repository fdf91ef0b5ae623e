/** The token of this visit for the Hub, for models and data alike; it lives in memory only. */
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
      <input
        id={id}
        type="password"
        data-testid={id}
        autocomplete="off"
        value={token.value}
        disabled={disabled}
        onInput={(event) => {
          token.value = event.currentTarget.value;
        }}
      />
    </details>
  );
}
