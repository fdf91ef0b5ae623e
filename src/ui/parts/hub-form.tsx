/** Something by its name on the Hub, or by its address: a line, what to know of it, and the button that gets it. */
import type { ComponentChildren } from "preact";
import { NameInput } from "@/ui/parts/name-input";

interface HubFormProps {
  readonly id: string;
  readonly title: string;
  readonly placeholder: string;
  readonly value: string;
  readonly blocked: boolean;
  /** Whether the value is one that can be asked for. */
  readonly ready: boolean;
  readonly button: { readonly label: string; readonly testid: string };
  readonly onValue: (value: string) => void;
  readonly onSubmit: () => void;
  /** What explains the name. */
  readonly help?: ComponentChildren;
  /** Between that and the button. */
  readonly children?: ComponentChildren;
  /** Below the button. */
  readonly after?: ComponentChildren;
}

export function HubForm(props: HubFormProps) {
  const { id, title, placeholder, value, blocked, ready, button, onValue, onSubmit, help, children, after } = props;
  const helpId = `${id}-help`;
  return (
    <form
      class="zone solid"
      onSubmit={(event) => {
        event.preventDefault();
        if (!blocked && ready) onSubmit();
      }}
    >
      <label for={id}>
        <strong>{title}</strong>
      </label>
      <NameInput
        {...{ id, placeholder, value, onValue }}
        disabled={blocked}
        {...(help === undefined ? {} : { help: helpId })}
      />
      {help !== undefined && (
        <p class="help" id={helpId}>
          {help}
        </p>
      )}
      {children}
      <div class="actions">
        <button type="submit" class="quiet small" data-testid={button.testid} disabled={blocked || !ready}>
          {button.label}
        </button>
      </div>
      {after}
    </form>
  );
}
