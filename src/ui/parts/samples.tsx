/** The same prompts answered before training and since: a film that a slider winds back and forth. */
import { useState } from "preact/hooks";
import type { SampleSet } from "@/ui/state/run-log";

export function Samples({ sets }: { sets: readonly SampleSet[] }) {
  const [picked, setPicked] = useState<number | null>(null);
  const first = sets[0];
  const last = sets.at(-1);
  if (first === undefined || last === undefined || first.samples.length === 0) return null;
  const shown = sets[Math.min(picked ?? sets.length - 1, sets.length - 1)] ?? last;
  const now = shown === last ? `Step ${shown.step}, now` : `Step ${shown.step}`;
  return (
    <figure class="samples">
      <figcaption>
        <strong>The same prompts, before and since</strong>
        {sets.length > 2 && (
          <label class="film">
            <span class="soft">Wind back</span>
            <input
              type="range"
              min={0}
              max={sets.length - 1}
              value={picked ?? sets.length - 1}
              aria-valuetext={now}
              onInput={(event) => {
                const at = event.currentTarget.valueAsNumber;
                setPicked(at === sets.length - 1 ? null : at);
              }}
            />
          </label>
        )}
      </figcaption>
      <ol class="sample-rows">
        {first.samples.map(({ prompt, text }, index) => (
          <li key={prompt}>
            <p class="sample-prompt">{prompt}</p>
            <p class="sample before">
              <span class="tag">before</span>
              {text.trim() || "(nothing)"}
            </p>
            <p class="sample after">
              <span class="tag">{now}</span>
              {shown.samples[index]?.text.trim() || "(nothing)"}
            </p>
          </li>
        ))}
      </ol>
    </figure>
  );
}
