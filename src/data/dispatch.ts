/**
 * What TRL 1.16 would do with each row, simulated on the shape of its columns: which branch it takes, which keys it reads
 * there, where it would stop. It decides by the names that are there, even where their value is null, and `datasets` gives
 * every row every column of the file.
 *
 *   sft    input_ids → as it is · prompt → prompt + completion · else messages where "conversational", else text
 *   dpo    prompt, or the beginning that chosen and rejected share · chosen · rejected
 *   grpo   prompt                                     kto    prompt · completion · label
 *
 * "Conversational" is asked of any one of prompt, chosen, rejected, completion, messages: of which one is left to the order
 * of a Python set. Where they disagree, the branch is a matter of chance.
 */
import type { Method } from "./row";

/** absent, null, text, list of {role}, list of {from, value}, other list, empty list, object, anything else */
export type Shape = "absent" | "null" | "text" | "roles" | "speakers" | "list" | "empty" | "object" | "other";
export type Shapes = Readonly<Record<string, Shape>>;

export const DISPATCH_COLUMNS = [
  ...["input_ids", "text", "messages", "conversations", "prompt", "completion", "chosen", "rejected", "label"],
  ...["tools", "chat_template_kwargs", "image", "images"],
] as const;

export interface Dispatch {
  readonly branch:
    | "tokenized"
    | "prompt-completion"
    | "language-modeling"
    | "preference"
    | "prompt-only"
    | "unpaired-preference";
  readonly conversational: boolean;
  /** Columns that the branch reads. */
  readonly reads: readonly string[];
  /** Columns with rows' content that it passes over. */
  readonly ignores: readonly string[];
  /** Why it would stop, in a few words; null when it would not. */
  readonly failure: string | null;
  /** The end mark is appended to the text column where there is one, and then not to the completion. */
  readonly endless: boolean;
}

export function shapeOf(value: unknown): Shape {
  if (value === undefined) return "absent";
  if (value === null) return "null";
  if (typeof value === "string") return "text";
  if (typeof value !== "object") return "other";
  if (!Array.isArray(value)) return "object";
  const [first] = value as readonly unknown[];
  if (value.length === 0) return "empty";
  if (typeof first !== "object" || first === null) return "list";
  if ("role" in first) return "roles";
  return "from" in first && "value" in first ? "speakers" : "list";
}

const CONTENT = ["text", "messages", "prompt", "completion", "chosen", "rejected"] as const;
const ASKED = ["prompt", "chosen", "rejected", "completion", "messages"] as const;

export function dispatchOf(given: Shapes, method: Method): Dispatch {
  const at = (name: string): Shape => shapes[name] ?? "absent";
  const there = (name: string) => at(name) !== "absent";
  const shapes = method === "sft" ? fromSpeakers(given) : given;
  const votes = new Set(ASKED.filter(there).map((name) => at(name) === "roles"));
  const conversational = votes.has(true);
  const extras = conversational ? ["tools", "chat_template_kwargs"].filter(there) : [];
  const result = (branch: Dispatch["branch"], keys: readonly string[]): Dispatch => {
    const reads = [...keys, ...extras];
    const ignores = CONTENT.filter((name) => there(name) && !keys.includes(name));
    const endless = branch === "prompt-completion" && !conversational && at("text") === "text";
    return { branch, conversational, reads, ignores, failure: null, endless };
  };
  const checked = (dispatch: Dispatch, ...needs: readonly string[]): Dispatch => {
    const absent = needs.find((name) => !there(name));
    const faults = needs.map((name) => faultOf(name, at(name), conversational));
    const failure = absent ? `there is no ${absent}` : faults.find((fault) => fault !== null);
    if (failure) return { ...dispatch, failure };
    if (at("chat_template_kwargs") === "null" && conversational) {
      return { ...dispatch, failure: "chat_template_kwargs is null" };
    }
    return votes.size > 1
      ? { ...dispatch, failure: "whether it is a conversation is asked of a column picked by chance" }
      : dispatch;
  };

  if (method === "dpo") {
    const keys = ["prompt", "chosen", "rejected"];
    return checked(result("preference", keys), ...(there("prompt") ? keys : keys.slice(1)));
  }
  if (method === "grpo") {
    const dispatch = result("prompt-only", ["prompt"]);
    return { ...dispatch, reads: ["prompt"], failure: faultOf("prompt", at("prompt"), at("prompt") === "roles") };
  }
  if (method === "kto") {
    const paired = there("chosen") && there("rejected");
    const keys = paired ? ["prompt", "chosen", "rejected"] : ["prompt", "completion", "label"];
    const dispatch = checked(result("unpaired-preference", keys), ...(paired ? keys.slice(1) : keys.slice(0, 2)));
    return dispatch.failure || paired || there("label") ? dispatch : { ...dispatch, failure: "there is no label" };
  }
  if (there("input_ids")) return { ...result("tokenized", ["input_ids"]), reads: ["input_ids"] };
  if (there("image") || there("images")) {
    return { ...result("language-modeling", []), failure: "the images make it a set for vision models" };
  }
  if (there("prompt")) return checked(result("prompt-completion", ["prompt", "completion"]), "prompt", "completion");
  const key = conversational ? "messages" : "text";
  return checked(result("language-modeling", [key]), key);
}

/** Where a conversation is written from and value, every list is renamed, and conversations become messages. */
function fromSpeakers(shapes: Shapes): Shapes {
  if (shapes.conversations !== "speakers") return shapes;
  const renamed = Object.entries(shapes).map(([name, shape]) => [name, shape === "speakers" ? "roles" : shape]);
  const { conversations, ...rest } = Object.fromEntries(renamed) as Record<string, Shape>;
  return { ...rest, messages: conversations ?? "roles" };
}

function faultOf(name: string, shape: Shape, conversational: boolean): string | null {
  if (shape === "absent") return `there is no ${name}`;
  if (shape === "null") return `${name} is null`;
  if (shape === "empty") return `${name} is an empty list`;
  if (conversational && shape !== "roles") return `${name} is not a list of messages`;
  return !conversational && shape !== "text" ? `${name} is not text` : null;
}
