/** A server that speaks OpenAI's protocol: its address, its model, and a key that stays in memory. */
import type { Signal } from "@preact/signals";
import { NameInput } from "@/ui/parts/name-input";
import type { Server } from "@/ui/state/answerers";
import { idle } from "@/ui/state/core";

interface ServerFieldsProps {
  readonly at: Signal<Server>;
  readonly testid: string;
}

export function ServerFields({ at, testid }: ServerFieldsProps) {
  const field = (name: keyof Server, label: string, placeholder: string, secret = false) => (
    <label for={`${testid}-${name}`}>
      {label}
      <NameInput
        {...{ placeholder, secret }}
        id={`${testid}-${name}`}
        value={at.value[name]}
        disabled={!idle.value}
        onValue={(value) => {
          at.value = { ...at.value, [name]: value };
        }}
      />
    </label>
  );
  return (
    <>
      <div class="form-grid server-fields">
        {field("baseUrl", "Address", "http://localhost:8080/v1")}
        {field("model", "Model", "as the server calls it")}
        {field("key", "Key, if it asks for one", "kept in memory only", true)}
        {field("priceIn", "Price per million tokens in", "unknown")}
        {field("priceOut", "… and out", "unknown")}
      </div>
      <p class="help">
        The server must allow this page’s origin (CORS); from a page of https, only https and this machine’s own
        addresses can be asked.
      </p>
    </>
  );
}
