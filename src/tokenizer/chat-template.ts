/**
 * A model's chat template (Jinja, over @huggingface/jinja): messages → the text that the model was taught to read,
 * and the stretches of it that an assistant wrote, which are what assistant-only loss trains on.
 *
 * The library drops {% generation %} tags while parsing. So they are swapped, before that, for two variables; each
 * rendering sets those to characters that occur nowhere in the messages, finds them in the output and takes them out.
 * A template without the tags is rendered up to each assistant turn and through it; the difference is the turn.
 *
 * Of TRL's 72 templates all text models' agree with Python.
 */
import { Template } from "@huggingface/jinja";
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { keepTextAtControls } from "./loop-controls";
import { callOwnStrips, STRIP_FUNCTIONS } from "./strip-calls";
import type { TextRange } from "./token-mask";

/** TRL's message; other fields (tool_calls, name, …) reach the template as they are. */
export interface Message {
  readonly role: string;
  readonly content?: unknown;
  readonly [field: string]: unknown;
}

export interface RenderOptions {
  readonly addGenerationPrompt?: boolean;
  readonly tools?: readonly unknown[];
  /** Extra variables of the template, such as {enable_thinking: false}. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

export interface ChatTemplate {
  /** Whether the template itself says which text an assistant wrote. */
  readonly marksGeneration: boolean;
  /** Throws "dataset/malformed" when the template refuses the messages. */
  render(messages: readonly Message[], options?: RenderOptions): string;
  /** The same text, and which parts of it an assistant wrote; none for turns that the template rewrites later on. */
  renderSpans(messages: readonly Message[], options?: RenderOptions): { text: string; spans: TextRange[] };
}

const OPEN = "burnish_generation_open";
const CLOSE = "burnish_generation_close";

const NamedTemplate = z.object({ name: z.string(), template: z.string() });
const Config = z.object({ chat_template: z.optional(z.nullable(z.union([z.string(), z.array(NamedTemplate)]))) });

/** The template's source from chat_template.jinja, else from tokenizer_config.json; null when the model has none. */
export function findChatTemplate(configJson: string, jinjaFile?: string): string | null {
  if (jinjaFile !== undefined) return jinjaFile;
  try {
    const { chat_template: found } = z.parse(Config, JSON.parse(configJson));
    if (typeof found === "string") return found;
    return (found?.find(({ name }) => name === "default") ?? found?.[0])?.template ?? null;
  } catch (cause) {
    throw new AppError("tokenizer/malformed", "tokenizer_config.json does not fit the format at chat_template.", {
      hint: "Take tokenizer_config.json from the model's own folder.",
      cause,
    });
  }
}

/** `specialTokens` are the variables bos_token, eos_token, … of the template. Throws "tokenizer/malformed". */
export function createChatTemplate(source: string, specialTokens: Readonly<Record<string, string>> = {}): ChatTemplate {
  const marked = markGeneration(source);
  const marksGeneration = marked !== source;
  const plain = compile(source);
  const traced = marksGeneration ? compile(marked) : plain;

  const run = (template: Template, messages: readonly Message[], options: RenderOptions, extra: object = {}) => {
    try {
      return template.render({
        ...specialTokens,
        ...options.variables,
        ...STRIP_FUNCTIONS,
        ...extra,
        messages: messages.map(dropNulls),
        tools: options.tools ?? null,
        documents: null,
        add_generation_prompt: options.addGenerationPrompt ?? false,
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AppError("dataset/malformed", `The model's chat template refuses these messages: ${reason}`, {
        hint: "Check the order of roles; many templates want user and assistant in turn.",
        cause,
      });
    }
  };
  const render: ChatTemplate["render"] = (messages, options = {}) => run(plain, messages, options);
  return {
    marksGeneration,
    render,
    renderSpans(messages, options = {}) {
      if (!marksGeneration) return spansByPrefix(render, messages, options);
      const [open, close] = unusedCharacters(JSON.stringify([messages, options]) + source);
      return takeOut(run(traced, messages, options, { [OPEN]: open, [CLOSE]: close }), open, close);
    },
  };
}

/** Jinja trims around block tags as it does not around variables, so that is done here, as trim_blocks and lstrip_blocks. */
function markGeneration(source: string): string {
  return source.replace(
    /(?:^[ \t]*)?\{%(-?)\s*(end)?generation\s*(-?)%\}\n?/gm,
    (_, left: string, ending: string | undefined, right: string) => `{{${left} ${ending ? CLOSE : OPEN} ${right}}}`,
  );
}

function compile(source: string): Template {
  try {
    const template = new Template(source);
    keepTextAtControls(template.parsed);
    callOwnStrips(template.parsed);
    return template;
  } catch (cause) {
    throw new AppError("tokenizer/malformed", "The model's chat template cannot be read.", {
      hint: "Use data without roles (prompt and completion as text), which needs no template.",
      cause,
    });
  }
}

function spansByPrefix(
  render: ChatTemplate["render"],
  messages: readonly Message[],
  options: RenderOptions,
): { text: string; spans: TextRange[] } {
  const text = render(messages, options);
  const spans: TextRange[] = [];
  messages.forEach((message, i) => {
    if (message.role !== "assistant") return;
    const before = render(messages.slice(0, i), { ...options, addGenerationPrompt: true });
    const through = render(messages.slice(0, i + 1), { ...options, addGenerationPrompt: false });
    if (!through.startsWith(before) || !text.startsWith(through)) return;
    // The line break after the end-of-turn token is the template's, not the assistant's.
    spans.push({ start: before.length, end: Math.max(before.length, through.trimEnd().length) });
  });
  return { text, spans };
}

function takeOut(rendered: string, open: string, close: string): { text: string; spans: TextRange[] } {
  let text = "";
  const spans: TextRange[] = [];
  rendered.split(open).forEach((part, i) => {
    const [inside = "", ...after] = part.split(close);
    if (i > 0) spans.push({ start: text.length, end: text.length + inside.length });
    text += inside + after.join("");
  });
  return { text, spans };
}

/** Two private-use characters that the text does not hold. */
function unusedCharacters(text: string): [string, string] {
  const free: string[] = [];
  for (let code = 0xe000; free.length < 2 && code < 0xf8ff; code++) {
    const character = String.fromCharCode(code);
    if (!text.includes(character)) free.push(character);
  }
  return [free[0] ?? "\uFDD0", free[1] ?? "\uFDD1"];
}

/** Some tools write `"tool_calls": null`, which templates would print; transformers drops such fields too. */
function dropNulls(message: Message): object {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null));
}
