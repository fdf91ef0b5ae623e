/** A line for a name or an address: words that no keyboard should mend. Its test id is its id. */

interface NameInputProps {
  readonly id: string;
  readonly placeholder: string;
  readonly value: string;
  readonly disabled: boolean;
  /** Id of the text that explains it. */
  readonly help?: string;
  readonly onValue: (value: string) => void;
}

export function NameInput({ id, placeholder, value, disabled, help, onValue }: NameInputProps) {
  return (
    <input
      id={id}
      type="text"
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
