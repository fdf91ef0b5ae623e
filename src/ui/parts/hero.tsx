/** The head of the first room: name, promise, the two demos, and which engine was found. */
import { ErrorPanel } from "@/ui/parts/error-panel";
import { faults, idle } from "@/ui/state/core";
import { device } from "@/ui/state/device";
import { demo, runDemo } from "@/ui/state/journey";

export function Hero() {
  const blocked = !idle.value || demo.value !== null || faults.value.device !== undefined;
  return (
    <header class="hero">
      <h1 class="wordmark">Burnish</h1>
      <p class="promise">Teach a small language model in this tab, and see honestly whether it helped.</p>
      <p class="soft lead">Nothing is uploaded: the model, your data and the result stay on this machine.</p>
      <div class="actions">
        <button
          type="button"
          class="primary large"
          data-testid="run-demo"
          disabled={blocked}
          onClick={() => void runDemo("commands")}
        >
          {demo.value === "commands" ? "Running the demo…" : "Run the demo"}
        </button>
        <button
          type="button"
          class="quiet large"
          data-testid="run-feelings"
          disabled={blocked}
          onClick={() => void runDemo("feelings")}
        >
          {demo.value === "feelings" ? "Running…" : "30-second demo: feelings"}
        </button>
      </div>
      <p class="hero-more">
        <span class="soft">Or learn otherwise:</span>
        <button
          type="button"
          class="quiet small"
          data-testid="run-preferences"
          disabled={blocked}
          onClick={() => void runDemo("manners")}
        >
          {demo.value === "manners" ? "Running…" : "by preference"}
        </button>
        <button
          type="button"
          class="quiet small"
          data-testid="run-rewards"
          disabled={blocked}
          onClick={() => void runDemo("replies")}
        >
          {demo.value === "replies" ? "Running…" : "by reward"}
        </button>
      </p>
      <p class="soft hero-note">
        It opens a bundled model and dataset, trains, and tests the result on rows never trained on.
      </p>
      <DeviceLine />
      <EngineChoice />
      <ErrorPanel place="device" />
    </header>
  );
}

function DeviceLine() {
  const found = device.value;
  const missing = faults.value.device !== undefined;
  const state = missing ? "missing" : found === null ? "looking" : found.software ? "slow" : "ready";
  return (
    <p class="device" data-state={state} data-testid="device-notice">
      {missing ? "No engine for training was found." : (found?.notice ?? "Looking for a graphics device…")}
    </p>
  );
}

const ENGINES = { "": "chosen for you", webgpu: "WebGPU", cpu: "CPU" };

/** The engine is opened once, so another one means opening the page anew. */
function EngineChoice() {
  const query = new URLSearchParams(location.search);
  const choose = (engine: string) => {
    if (engine === "") query.delete("engine");
    else query.set("engine", engine);
    location.search = query.toString();
  };
  return (
    <label class="inline-choice engine-choice">
      Engine{" "}
      <select
        class="inline"
        data-testid="engine"
        value={query.get("engine") ?? ""}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {Object.entries(ENGINES).map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
