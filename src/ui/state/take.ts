/**
 * Taking the result away: what it would be in each format, writing it, reading it again, and the files that are ready. An
 * export is ready only when another program has read it and says what the model in the page says.
 */
import { computed, effect, signal } from "@preact/signals";
import { AppError } from "@/errors";
import { adapter } from "@/ui/state/adapter";
import { attempt, idle, session } from "@/ui/state/core";
import { type Llama, openLlama } from "@/ui/state/llama";
import { model } from "@/ui/state/model";
import { zipStored } from "@/ui/state/zip";
import type { ExportFormat, ExportOutline, ExportQuant } from "@/worker/api/export";
import type { SelfTest } from "@/worker/api/self-test";
import type { NamedFile } from "@/worker/api/sources";

export interface FormatChoice {
  readonly format: ExportFormat;
  readonly title: string;
  /** What it is for, in one sentence. */
  readonly use: string;
  /** The default first. */
  readonly quants: readonly ExportQuant[];
  readonly needsAdapter: boolean;
}

export const FORMATS: readonly FormatChoice[] = [
  {
    format: "peft",
    title: "Adapter for PEFT",
    use: "A few small files that go on top of the base in transformers, vLLM and the like.",
    quants: [],
    needsAdapter: true,
  },
  {
    format: "gguf",
    title: "GGUF model",
    use: "One file that llama.cpp, Ollama and LM Studio run as it is.",
    quants: ["q8_0", "q4_k_m", "q5_k_m", "q6_k", "q5_0", "q4_0", "f16", "bf16", "f32"],
    needsAdapter: false,
  },
  {
    format: "gguf-lora",
    title: "GGUF adapter",
    use: "A small file for those who have the base in GGUF already.",
    quants: ["f32", "f16"],
    needsAdapter: true,
  },
  {
    format: "safetensors",
    title: "Merged model",
    use: "The whole tuned model as transformers stores it, to train on or to convert.",
    quants: ["f16", "bf16", "f32"],
    needsAdapter: false,
  },
  {
    format: "onnx",
    title: "ONNX for web pages",
    use: "The whole tuned model for transformers.js, so that any web page can run it.",
    quants: ["q8", "f16", "f32"],
    needsAdapter: false,
  },
];

/** Formats that can be asked for now. */
export const formats = computed(() =>
  FORMATS.filter(({ needsAdapter }) => !needsAdapter || adapter.value?.kind === "lora"),
);
export const chosenFormat = signal<ExportFormat>("peft");
export const chosenQuants = signal<Partial<Record<ExportFormat, ExportQuant>>>({});
export const outlines = signal<Partial<Record<ExportFormat, ExportOutline>>>({});

export interface Ready {
  readonly made: ExportOutline;
  readonly files: readonly NamedFile[];
  readonly tested: SelfTest;
}
export const ready = signal<Ready | null>(null);
export const progress = signal<{ readonly label: string; readonly fraction: number | null } | null>(null);

export const quantOf = ({ format, quants }: FormatChoice) => chosenQuants.value[format] ?? quants[0];

/** Sizes follow the model, the adapter and the quantisations that are chosen, when nothing else is going on. */
export function watchOutlines(): void {
  effect(() => {
    const wanted = formats.value.map((choice) => ({ format: choice.format, quant: quantOf(choice) }));
    if (!formats.value.some(({ format }) => format === chosenFormat.value)) chosenFormat.value = "gguf";
    if (model.value === null || !idle.value) return;
    void readOutlines(wanted);
  });
  effect(() => {
    // What lies ready is of one model and one adapter.
    void [model.value, adapter.value];
    ready.value = null;
  });
}

async function readOutlines(
  wanted: readonly { format: ExportFormat; quant: ExportQuant | undefined }[],
): Promise<void> {
  for (const choice of wanted) {
    try {
      const outline = await session().planExport(choice);
      outlines.value = { ...outlines.value, [choice.format]: outline };
    } catch {
      // A format that this model cannot have shows no size; asking for it says why.
      const { [choice.format]: _, ...rest } = outlines.value;
      outlines.value = rest;
    }
  }
}

export function startExport(): Promise<boolean> {
  return attempt("take", async () => {
    const choice = formats.value.find(({ format }) => format === chosenFormat.value);
    if (!choice) return;
    ready.value = null;
    try {
      const asked = { format: choice.format, quant: quantOf(choice) };
      const made = await session().planExport(asked);
      const written = await session().exportModel(asked, (done, total) => say("Writing", done / total));
      const tested = await readAgain(made, written);
      const beside = await session().companions(made, tested);
      if (!tested.passed) throw failed(tested);
      const own = new Set(beside.map(({ name }) => name));
      ready.value = { made, files: [...written.filter(({ name }) => !own.has(name)), ...beside], tested };
    } finally {
      progress.value = null;
    }
  });
}

/** A merged GGUF by llama.cpp itself, all else by readers of the session's. */
async function readAgain(made: ExportOutline, files: readonly NamedFile[]): Promise<SelfTest> {
  say("Reading it again", null);
  const gguf = made.format === "gguf" ? files.find(({ name }) => name.endsWith(".gguf")) : undefined;
  const llama = gguf ? await openLlama(gguf.blob) : null;
  try {
    return await session().selfTest(made, files, llama?.ask ?? null, (done, total) =>
      say("Reading it again", done / total),
    );
  } finally {
    await llama?.release();
  }
}

function say(label: string, fraction: number | null): void {
  progress.value = { label, fraction };
}

function failed({ reader, checks }: SelfTest): AppError {
  const wrong = checks.filter(({ passed }) => !passed).map(({ what }) => what);
  return new AppError(
    "export/self-test",
    `${reader} does not find in the files what the model says: ${wrong.join("; ")}.`,
    {
      hint: "They are not offered. Choose a wider format, and please report it with the model's name.",
    },
  );
}

export const readyZip = (): Promise<Blob> => zipStored(ready.value?.files ?? []);

/** The browser's own way to a folder on disk, where it has one. */
interface FolderPicker {
  showDirectoryPicker(options: { mode: "readwrite" }): Promise<FileSystemDirectoryHandle>;
}
export const canPickFolder = () => "showDirectoryPicker" in globalThis;

/** Each file gets its name only when it is whole: the browser writes beside it until it is closed. */
export function saveToFolder(): Promise<boolean> {
  return attempt("take", async () => {
    const files = ready.value?.files ?? [];
    let folder: FileSystemDirectoryHandle;
    try {
      folder = await (globalThis as unknown as FolderPicker).showDirectoryPicker({ mode: "readwrite" });
    } catch {
      return; // Nothing was picked.
    }
    try {
      for (const [i, { name, blob }] of files.entries()) {
        say(`Saving ${name}`, i / files.length);
        const parts = name.split("/");
        let place = folder;
        for (const part of parts.slice(0, -1)) place = await place.getDirectoryHandle(part, { create: true });
        const handle = await place.getFileHandle(parts.at(-1) ?? name, { create: true });
        await blob.stream().pipeTo(await handle.createWritable());
      }
    } catch (cause) {
      throw new AppError("storage/failed", `The folder could not be written to: ${(cause as Error).message}`, {
        hint: "Check that it has room and may be written to, or download the zip.",
        cause,
      });
    } finally {
      progress.value = null;
    }
  });
}

/** llama.cpp over the GGUF that lies ready, for questions beside our own engine's answers. */
let llama: Promise<Llama> | undefined;
effect(() => {
  void ready.value;
  void llama?.then(({ release }) => release()).catch(() => undefined);
  llama = undefined;
});
export const readyGguf = computed(() => {
  const { made, files } = ready.value ?? {};
  return made?.format === "gguf" ? files?.find(({ name }) => name.endsWith(".gguf")) : undefined;
});

/** Greedy, as the file that lies ready answers. Throws "usage" when none does. */
export async function askExported(prompt: string, maxTokens: number, chat: boolean): Promise<string> {
  const file = readyGguf.value;
  if (!file) throw new AppError("usage", "There is no GGUF yet.", { hint: "Export one in the last step." });
  llama ??= openLlama(file.blob);
  const opened = await llama;
  return chat ? opened.chat(prompt, maxTokens) : (await opened.ask(prompt, maxTokens)).text;
}
