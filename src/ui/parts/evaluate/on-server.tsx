/** A server that speaks OpenAI's protocol: its address, its model, and a key that stays in memory. */
import { type Server, server } from "@/ui/state/answerers";
import { idle } from "@/ui/state/core";

const FIELDS: readonly (readonly [keyof Server, string, string])[] = [
  ["baseUrl", "Address", "http://localhost:8080/v1"],
  ["model", "Model", "as the server calls it"],
];

export function OnServer() {
  const set = (name: keyof Server) => (event: { currentTarget: HTMLInputElement }) => {
    server.value = { ...server.value, [name]: event.currentTarget.value };
  };
  const field = (name: keyof Server, label: string, placeholder: string, secret = false) => (
    <label key={name}>
      {label}
      <input
        {...(secret ? { type: "password" as const } : { type: "text" as const })}
        data-testid={`server-${name}`}
        placeholder={placeholder}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={server.value[name]}
        disabled={!idle.value}
        onInput={set(name)}
      />
    </label>
  );
  return (
    <>
      <p class="soft">
        Anything that speaks OpenAI’s chat completions: llama-server, Ollama, LM Studio, vLLM, Hugging Face’s router.
        Your cases are sent there, and nowhere else.
      </p>
      <div class="form-grid">
        {FIELDS.map(([name, label, placeholder]) => field(name, label, placeholder))}
        {field("key", "Key, if it asks for one", "kept in memory until you leave", true)}
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
