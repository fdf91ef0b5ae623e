/** One setting of the recipe: label, control, short help, and what is wrong with it, tied together for readers. */
import { useState } from "preact/hooks";
import { model } from "@/ui/state/model";
import { fitsOf, fitWords, type Patterns, patternsOf, patternText } from "@/ui/state/patterns";
import { draft, faultOf, fieldValue, setField } from "@/ui/state/recipe";
import {
  type ChoiceField,
  choicesFor,
  type Field,
  type ListField,
  type NumberField,
  type PatternField,
  type SwitchField,
} from "@/ui/state/recipe-fields";

export function FieldRow({ field, disabled }: { field: Field; disabled: boolean }) {
  const id = `field-${field.path}`;
  const fault = faultOf(field.path);
  return (
    <div class="field" data-kind={field.kind}>
      <label for={id}>{field.label}</label>
      {field.kind === "number" ? (
        <NumberInput field={field} id={id} wrong={fault !== undefined} disabled={disabled} />
      ) : field.kind === "switch" ? (
        <SwitchInput field={field} id={id} disabled={disabled} />
      ) : field.kind === "list" ? (
        <ListInput field={field} id={id} disabled={disabled} />
      ) : field.kind === "pattern" ? (
        <PatternInput field={field} id={id} wrong={fault !== undefined} disabled={disabled} />
      ) : (
        <ChoiceInput field={field} id={id} disabled={disabled} />
      )}
      <p class="help" id={`${id}-help`}>
        {fault ? <strong class="wrong">{fault}</strong> : field.help}
        {field.kind === "pattern" && fault === undefined && <Fits path={field.path} />}
      </p>
    </div>
  );
}

interface InputProps<F> {
  readonly field: F;
  readonly id: string;
  readonly disabled: boolean;
  readonly wrong?: boolean;
}

function NumberInput({ field, id, wrong, disabled }: InputProps<NumberField>) {
  const value = Number(fieldValue(field.path));
  return (
    <input
      id={id}
      type="number"
      inputMode="decimal"
      step={field.step}
      // A half-typed number is NaN in the draft; leaving the text alone lets the person finish it.
      {...(Number.isNaN(value) ? {} : { value })}
      disabled={disabled}
      aria-invalid={wrong}
      aria-describedby={`${id}-help`}
      onInput={(event) => setField(field.path, event.currentTarget.valueAsNumber)}
    />
  );
}

function ChoiceInput({ field, id, disabled }: InputProps<ChoiceField>) {
  return (
    <select
      id={id}
      value={String(fieldValue(field.path))}
      disabled={disabled}
      aria-describedby={`${id}-help`}
      onChange={(event) => setField(field.path, event.currentTarget.value)}
    >
      {choicesFor(field, draft.value).map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  );
}

function SwitchInput({ field, id, disabled }: InputProps<SwitchField>) {
  return (
    <select
      id={id}
      value={fieldValue(field.path) === true ? "on" : "off"}
      disabled={disabled}
      aria-describedby={`${id}-help`}
      onChange={(event) => setField(field.path, event.currentTarget.value === "on")}
    >
      <option value="off">Off</option>
      <option value="on">On</option>
    </select>
  );
}

/** Of an input for one line of text that is no prose. */
const lineOf = ({ placeholder }: { readonly placeholder?: string }, id: string) =>
  ({
    id,
    type: "text",
    autocomplete: "off",
    spellcheck: false,
    placeholder,
    "aria-describedby": `${id}-help`,
  }) as const;

function ListInput({ field, id, disabled }: InputProps<ListField>) {
  const words = fieldValue(field.path) as readonly string[];
  const split = (text: string) => text.split(",").flatMap((word) => word.trim() || []);
  return (
    <input
      {...lineOf(field, id)}
      value={words.join(", ")}
      disabled={disabled}
      onChange={(event) => setField(field.path, split(event.currentTarget.value))}
    />
  );
}

/** Text that is half typed stays as it is; one that came from elsewhere takes its place. */
function PatternInput({ field, id, wrong, disabled }: InputProps<PatternField>) {
  const [text, setText] = useState("");
  const value = fieldValue(field.path) as Patterns;
  const shown = JSON.stringify(patternsOf(text)) === JSON.stringify(value) ? text : patternText(value);
  return (
    <input
      {...lineOf(field, id)}
      value={shown}
      disabled={disabled}
      aria-invalid={wrong}
      onInput={(event) => {
        setText(event.currentTarget.value);
        setField(field.path, patternsOf(event.currentTarget.value));
      }}
    />
  );
}

/** Which modules of the open model each pattern means. */
function Fits({ path }: { path: string }) {
  const info = model.value;
  if (info === null) return null;
  return fitsOf(fieldValue(path) as Patterns, draft.value.lora.targets, info.layers).map((fit) => (
    <span key={fit.pattern} class="fit" data-none={fit.modules.length === 0} data-testid="pattern-fit">
      {fitWords(fit)}
    </span>
  ));
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  q_proj: "query",
  k_proj: "key",
  v_proj: "value",
  o_proj: "output",
  gate_proj: "gate",
  up_proj: "up",
  down_proj: "down",
};

/** Which projections carry an adapter. */
export function TargetsField({ all, disabled }: { all: readonly string[]; disabled: boolean }) {
  const chosen: readonly string[] = draft.value.lora.targets;
  const toggle = (name: string) =>
    setField(
      "lora.targets",
      all.filter((one) => (one === name ? !chosen.includes(one) : chosen.includes(one))),
    );
  return (
    <fieldset class="targets" disabled={disabled}>
      <legend>Where the adapter sits</legend>
      <div class="checks">
        {all.map((name) => (
          <label key={name}>
            <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
            {SHORT_NAMES[name] ?? name}
          </label>
        ))}
      </div>
      {chosen.length === 0 && <strong class="help wrong">Choose at least one.</strong>}
    </fieldset>
  );
}
