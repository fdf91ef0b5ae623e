/** A line for a name, an address or a secret: words that no keyboard should mend. Its test id is its id. */

interface NameInputProps {
  readonly id: string;
  readonly placeholder?: string;
  readonly value: string;
  readonly disabled?: boolean;
  /** Id of the text that explains it. */
  readonly help?: string;
  /** A token or a key: not shown, and remembered by nobody. */
  readonly secret?: boolean;
  readonly onValue: (value: string) => void;
}

export function NameInput({ id, placeholder, value, disabled, help, secret, onValue }: NameInputProps) {
  return (
    <input
      id={id}
      {...(secret ? { type: "password" as const } : { type: "text" as const })}
      data-testid={id}
      placeholder={placeholder}
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      value={value}
      disabled={disabled}
      aria-describedby={help}
      onInput={(event) => onValue(event.currentTarget.value)}
    />
  );
}
