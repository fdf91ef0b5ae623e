/** One question and the answers to it: each turn remembers whether the adapter was on, so both can stand side by side. */
import { computed, signal } from "@preact/signals";
import { adapter } from "@/ui/state/adapter";
import { attempt, session } from "@/ui/state/core";
import { dataset } from "@/ui/state/dataset";
import { model } from "@/ui/state/model";
import { frameOf, putInFrame } from "@/ui/state/prompt-frame";
import { askExported, readyGguf } from "@/ui/state/take";

export interface Turn {
  readonly prompt: string;
  readonly text: string;
  readonly adapter: boolean;
  readonly done: boolean;
  /** What llama.cpp says with the exported file, where one lies ready. */
  readonly exported?: string;
}

export const turns = signal<readonly Turn[]>([]);
export const chatInput = signal("");
export const temperature = signal(0);
export const adapterOn = signal(true);
/** What the rows put around each request, so that a person need not type it. */
export const frame = computed(() => frameOf(asChat() ? [] : (dataset.value?.samplePrompts ?? [])));

const MAX_TOKENS = 96;
const MOST_TURNS = 30;

/** Rows without turns were trained as raw text, so they are also asked as raw text. */
function asChat(): boolean {
  const rows = dataset.value;
  return (model.value?.chatTemplate ?? false) && (rows === null || rows.type === "messages");
}

export function send(): Promise<boolean> {
  if (chatInput.value.trim() === "") return Promise.resolve(false);
  const prompt = asChat() ? chatInput.value : putInFrame(chatInput.value, frame.value);
  return attempt("chat", async () => {
    const withAdapter = adapter.value !== null && adapterOn.value;
    turns.value = [...turns.value.slice(-MOST_TURNS), { prompt, text: "", adapter: withAdapter, done: false }];
    const settings = { maxTokens: MAX_TOKENS, temperature: temperature.value, seed: 42 };
    try {
      const text = await session().generate(prompt, { ...settings, adapter: withAdapter, chat: asChat() }, (text) => {
        amend((turn) => (turn.done ? turn : { ...turn, text }));
      });
      amend((turn) => ({ ...turn, text, done: true }));
      chatInput.value = "";
      if (withAdapter && readyGguf.value) {
        amend((turn) => ({ ...turn, exported: "…" }));
        const exported = await askExported(prompt, MAX_TOKENS, asChat());
        amend((turn) => ({ ...turn, exported }));
      }
    } finally {
      amend((turn) => ({ ...turn, done: true }));
    }
  });
}

function amend(change: (turn: Turn) => Turn): void {
  const last = turns.value.at(-1);
  if (last) turns.value = [...turns.value.slice(0, -1), change(last)];
}
