/** A room to learn to see faults in data: rows with one fault hidden in them, a guess, and the answer with its lines. */
import { useEffect } from "preact/hooks";
import { model } from "@/ui/state/model";
import { exercise, giveGuess, guess, newExercise, openExercise, practiceFault, score } from "@/ui/state/practice";
import type { PracticeExercise } from "@/worker/api/data";

const CHOICES: readonly (readonly [fault: string, words: string])[] = [
  ["", "Nothing is wrong"],
  ["leakage", "Held-out rows stand in training"],
  ["duplicates", "Rows stand several times"],
  ["near-duplicates", "Copies with a word changed"],
  ["contradictions", "One question, two answers"],
  ["imbalance", "One answer for most"],
  ["empty-answers", "Answers without content"],
  ["role-order", "Roles out of order"],
  ["template-mismatch", "Another model's frame"],
  ["control-tokens", "Control tokens in text"],
  ["double-bos", "Start token written out"],
  ["no-signal", "Prompts that fill the whole length"],
  ["truncated-answers", "Answers longer than the cut"],
  ["length-outliers", "A few giant rows"],
  ["mojibake", "A wrong encoding"],
  ["invisible-characters", "Characters that cannot be seen"],
  ["secrets", "Keys or card numbers"],
  ["personal-data", "Addresses or telephone numbers"],
  ["language-drift", "Held-out rows in another language"],
  ["equal-pairs", "Chosen equals rejected"],
  ["length-bias", "Longer always wins"],
  ["too-few-rows", "Too few rows"],
];
const SHOWN = 400;

export function Practice() {
  useEffect(() => {
    if (exercise.value === null) void newExercise();
  }, []);
  const given = exercise.value;
  const { right, of } = score.value;
  return (
    <main class="room" tabIndex={-1}>
      <h1>Find what is wrong</h1>
      <p class="soft lead">
        Rows to train on, with one fault hidden in them, or none. Read them as a careful person would, then choose.
        {of > 0 ? ` ${right} of ${of} right so far.` : ""}
      </p>
      {practiceFault.value && <p class="panel note">{practiceFault.value.message}</p>}
      {given && (
        <>
          <Rows given={given} />
          <Guesses />
          {guess.value !== null && <Answer given={given} />}
        </>
      )}
    </main>
  );
}

function Rows({ given }: { given: PracticeExercise }) {
  const sets = [
    ["Rows to train on", given.train, given.lines] as const,
    ["Held-out rows", given.held, [] as readonly number[]] as const,
  ];
  return (
    <div class="practice-sets">
      {sets.map(([title, text, spoilt]) => (
        <section key={title} class="card">
          <h2>{title}</h2>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
          <ol class="practice-rows" tabIndex={0} data-testid="practice-rows">
            {text
              .trimEnd()
              .split("\n")
              .slice(0, SHOWN)
              .map((line, index) => (
                <li key={index} data-spoilt={guess.value !== null && spoilt.includes(index + 1)}>
                  {line}
                </li>
              ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function Guesses() {
  return (
    <fieldset class="practice-guesses" disabled={guess.value !== null}>
      <legend>What is wrong with these rows?</legend>
      <div class="actions">
        {CHOICES.map(([fault, words]) => (
          <button
            key={fault}
            type="button"
            class="quiet"
            data-testid={`guess-${fault || "none"}`}
            aria-pressed={guess.value === fault}
            onClick={() => giveGuess(fault)}
          >
            {words}
          </button>
        ))}
      </div>
    </fieldset>
  );
}

function Answer({ given }: { given: PracticeExercise }) {
  const isRight = guess.value === given.fault;
  const lines = given.lines.slice(0, 12).join(", ");
  return (
    <div class="panel note" role="status" data-testid="practice-answer">
      <div>
        <p>
          <strong>{isRight ? "Right." : "Not this time."}</strong> {given.lesson}
        </p>
        {lines !== "" && (
          <p class="soft">
            Lines {lines}
            {given.lines.length > 12 ? " and more" : ""}, marked above.
          </p>
        )}
        <div class="actions">
          <button type="button" class="primary" data-testid="practice-next" onClick={() => void newExercise()}>
            Another one
          </button>
          <button
            type="button"
            class="quiet"
            data-testid="practice-open"
            disabled={model.value === null}
            onClick={() => void openExercise()}
          >
            See what the checks say
          </button>
          {model.value === null && <span class="soft">Needs a model: open one under Train.</span>}
        </div>
      </div>
    </div>
  );
}
