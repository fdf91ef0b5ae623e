/** Step 6: try it. The switch takes the adapter off and on, so the same words can go to both models. */
import { Card } from "@/ui/parts/card";
import { adapter } from "@/ui/state/adapter";
import { adapterOn, chatInput, frame, send, type Turn, temperature, turns } from "@/ui/state/chat";
import { activity, idle } from "@/ui/state/core";
import { dataset } from "@/ui/state/dataset";
import { model } from "@/ui/state/model";

export function ChatCard() {
  const waitsFor = model.value === null ? "Open a model first." : null;
  return (
    <Card place="chat" step="6" title="Try it" waitsFor={waitsFor}>
      <ChatLog />
      <form
        class="chat-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (idle.value) void send();
        }}
      >
        <ChatInput />
        <ChatSettings />
      </form>
    </Card>
  );
}

function ChatLog() {
  const list = turns.value;
  return (
    <ol class="chat-log" aria-label="Answers" data-testid="chat-log">
      {list.map((turn, index) => (
        <ChatTurn key={`turn-${index + 1}`} turn={turn} last={index === list.length - 1} />
      ))}
    </ol>
  );
}

function ChatTurn({ turn, last }: { turn: Turn; last: boolean }) {
  return (
    <li>
      <p class="asked">{turn.prompt}</p>
      <p class="answered" data-adapter={turn.adapter} aria-busy={!turn.done}>
        <span class="tag">{turn.adapter ? "tuned" : "base"}</span>
        <span {...(last ? { "data-testid": "chat-output" } : {})}>{turn.text || (turn.done ? "(nothing)" : "…")}</span>
      </p>
      {turn.exported !== undefined && (
        <p class="answered" data-adapter="true">
          <span class="tag">llama.cpp</span>
          <span data-testid="chat-exported">{turn.exported || "(nothing)"}</span>
        </p>
      )}
    </li>
  );
}

function ChatInput() {
  const { before, after } = frame.value;
  const framed = before !== "" || after !== "";
  const examples = (dataset.value?.samplePrompts ?? []).slice(0, 3);
  return (
    <>
      <label for="chat-input" class="unseen">
        Your words
      </label>
      <textarea
        id="chat-input"
        rows={2}
        data-testid="chat-input"
        placeholder="Write something for the model to continue or answer"
        aria-describedby="chat-frame"
        value={chatInput.value}
        onInput={(event) => {
          chatInput.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          if (idle.value) void send();
        }}
      />
      <p class="soft hint" id="chat-frame">
        {framed
          ? `Your words are put between “${before.trim()}” and “${after.trim()}”, as in the data. Enter sends.`
          : "Enter sends, Shift+Enter starts a new line."}
      </p>
      {examples.length > 0 && (
        <div class="chips">
          {examples.map((prompt) => (
            <button
              key={prompt}
              type="button"
              class="chip"
              onClick={() => {
                chatInput.value = bare(prompt, before, after);
              }}
            >
              {bare(prompt, before, after)}
            </button>
          ))}
        </div>
      )}
    </>
  );
}

function bare(prompt: string, before: string, after: string): string {
  return prompt.slice(before.length, prompt.length - after.length).trim();
}

function ChatSettings() {
  const has = adapter.value !== null;
  return (
    <div class="actions spread">
      <button type="submit" class="primary" data-testid="chat-send" disabled={!idle.value || !chatInput.value.trim()}>
        {activity.value === "chat" ? "Answering…" : "Send"}
      </button>
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          data-testid="adapter-switch"
          checked={has && adapterOn.value}
          aria-checked={has && adapterOn.value}
          disabled={!has}
          onChange={(event) => {
            adapterOn.value = event.currentTarget.checked;
          }}
        />
        <span>{has ? `Adapter ${adapterOn.value ? "on" : "off"}` : "No adapter yet"}</span>
      </label>
      <label class="temperature">
        <span>Temperature</span>
        <input
          type="range"
          min={0}
          max={1.5}
          step={0.1}
          value={temperature.value}
          aria-valuetext={temperature.value === 0 ? "0, always the likeliest word" : String(temperature.value)}
          onInput={(event) => {
            temperature.value = event.currentTarget.valueAsNumber;
          }}
        />
        <span class="number">{temperature.value.toFixed(1)}</span>
      </label>
    </div>
  );
}
