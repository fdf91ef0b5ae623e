/** Who answers: the model in this tab with a kept adapter, or a server that speaks OpenAI's protocol. */
import { useEffect } from "preact/hooks";
import { RoomPart } from "@/ui/parts/room-part";
import { adapter } from "@/ui/state/adapter";
import { idle } from "@/ui/state/core";
import { type Server, server } from "@/ui/state/evaluate";
import { form, setForm } from "@/ui/state/evaluate-form";
import { openRun } from "@/ui/state/go-on";
import { model, openModel } from "@/ui/state/model";
import { readRuns, runs } from "@/ui/state/runs";

export function Answerers() {
  const { where } = form.value;
  return (
    <RoomPart title="Who answers">
      <fieldset class="filter">
        <legend class="unseen">Who answers</legend>
        {(
          [
            ["tab", "The model in this tab"],
            ["server", "A server"],
            ["both", "Both, in one table"],
          ] as const
        ).map(([value, words]) => (
          <label key={value}>
            <input
              type="radio"
              name="evaluate-where"
              class="unseen"
              data-testid={`evaluate-${value}`}
              checked={where === value}
              disabled={!idle.value}
              onChange={() => setForm({ where: value })}
            />
            {words}
          </label>
        ))}
      </fieldset>
      {where !== "server" && <InTab />}
      {where !== "tab" && <OnServer />}
    </RoomPart>
  );
}

function InTab() {
  useEffect(() => void readRuns(), []);
  const info = model.value;
  const kept = (runs.value ?? []).filter(({ checkpoints, status }) => checkpoints.length > 0 && status !== "running");
  return (
    <>
      <p data-testid="evaluate-model">
        {info ? (
          <>
            <strong>{info.name}</strong>{" "}
            {adapter.value ? `with an adapter of rank ${adapter.value.rank}` : "without an adapter"}
          </>
        ) : (
          <>
            No model is open. Open the bundled one here, or one of your own <a href="#/">in the first room</a>.
          </>
        )}
      </p>
      <div class="actions" hidden={info !== null && kept.length === 0}>
        {info === null && (
          <button
            type="button"
            class="quiet"
            data-testid="evaluate-ember"
            disabled={!idle.value}
            onClick={() => void openModel({ kind: "bundled", name: "ember" })}
          >
            Open ember
          </button>
        )}
        {kept.length > 0 && (
          <label class="inline-choice">
            Adapter of a kept run{" "}
            <select
              class="inline"
              data-testid="evaluate-run"
              disabled={!idle.value}
              value=""
              onChange={(event) =>
                event.currentTarget.value !== "" && void openRun(event.currentTarget.value, "best", "stay")
              }
            >
              <option value="">{adapter.value ? "another one…" : "choose…"}</option>
              {kept.map(({ id, name, model: of }) => (
                <option key={id} value={id}>
                  {name} ({of})
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
    </>
  );
}

const FIELDS: readonly (readonly [keyof Server, string, string])[] = [
  ["baseUrl", "Address", "http://localhost:8080/v1"],
  ["model", "Model", "as the server calls it"],
];

function OnServer() {
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
