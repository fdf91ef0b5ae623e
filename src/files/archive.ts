/**
 * zip and gzip over fflate, unpacked piece by piece: nothing is ever written, names are only looked at, and whatever grows
 * beyond all reason is stopped. Files of the archive are read one after another.
 */
import { Gunzip, Unzip, type UnzipFile, UnzipInflate } from "fflate";

/** Fed in small pieces, because deflate may unpack each to a thousand times its size at once. */
const FEED = 16 << 10;
const MAX_ENTRIES = 1000;
/** Text packs some tenfold; beyond this ratio, once it matters, it is a bomb. */
const MAX_RATIO = 200;
const FREE_BYTES = 16 << 20;
const MAX_BYTES = 16 * 2 ** 30;

export interface Entry {
  readonly name: string;
  pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

export type Unpacked = { readonly entry: Entry } | { readonly note: string };

/** Entries whose names are `readable`. An entry's pieces must be read, or left, before the next entry is asked for. */
export async function* unzip(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
  readable: RegExp,
): AsyncGenerator<Unpacked, void, void> {
  const queue: Flow[] = [];
  let entries = 0;
  const skipped: string[] = [];
  const machine = new Unzip((file) => {
    if (++entries > MAX_ENTRIES) return;
    if (/\/$|(^|\/)(\.(?!\.\/)|__MACOSX\/)/.test(file.name)) return;
    if (readable.test(file.name)) queue.push(startEntry(file));
    else skipped.push(file.name);
  });
  machine.register(UnzipInflate);
  let broken = "";
  const feed = feeder(pieces, (part, last) => {
    try {
      if (broken === "") machine.push(part, last);
    } catch (error) {
      broken = error instanceof Error ? error.message : String(error);
    }
  });
  for (;;) {
    const flow = queue.shift();
    if (flow) {
      yield { entry: { name: flow.name, pieces: () => flow.drain(feed) } };
      await flow.finish(feed);
      if (flow.fault) yield { note: `${flow.name}: ${flow.fault}` };
    } else if (!(await feed())) break;
  }
  if (skipped.length > 0)
    yield { note: `Not read in the archive: ${skipped.slice(0, 5).join(", ")}${skipped.length > 5 ? ", …" : ""}.` };
  if (entries > MAX_ENTRIES) yield { note: `The archive has ${entries} files; the first ${MAX_ENTRIES} were read.` };
  if (broken !== "" && entries > 0) yield { note: `The archive breaks off (${broken}).` };
  if (entries === 0) yield { note: "The archive holds no file, or is broken." };
}

export function gunzip(name: string, pieces: AsyncIterable<Uint8Array<ArrayBuffer>>): Entry & { fault(): string } {
  const flow = createFlow(name);
  return {
    name: name.replace(/\.gz$/i, ""),
    fault: () => flow.fault,
    async *pieces() {
      const machine = new Gunzip((part, last) => flow.give(null, part, last));
      yield* flow.drain(feeder(pieces, (part, last) => flow.feed(part, () => machine.push(part, last))));
    },
  };
}

/** Gives one small piece at a time to `push`; false at the end. */
function feeder(pieces: AsyncIterable<Uint8Array<ArrayBuffer>>, push: (part: Uint8Array, last: boolean) => void) {
  const iterator = pieces[Symbol.asyncIterator]();
  let piece: Uint8Array | undefined;
  let at = 0;
  let over = false;
  return async (): Promise<boolean> => {
    if (over) return false;
    if (!piece || at >= piece.length) {
      const next = await iterator.next();
      if (next.done) {
        over = true;
        push(new Uint8Array(), true);
        return true;
      }
      piece = next.value;
      at = 0;
    }
    push(piece.subarray(at, at + FEED), false);
    at += FEED;
    return true;
  };
}

interface Flow {
  readonly name: string;
  fault: string;
  feed(part: Uint8Array, push: () => void): void;
  give(error: Error | null, part: Uint8Array, last: boolean): void;
  drain(feed: () => Promise<boolean>): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>;
  /** Passes over what was not drained. */
  finish(feed: () => Promise<boolean>): Promise<void>;
}

function createFlow(name: string, packed = () => 0): Flow {
  let waiting: Uint8Array[] = [];
  let ended = false;
  let bytes = 0;
  let fed = 0;
  const stop = (fault: string) => {
    flow.fault ||= fault;
    waiting = [];
    ended = true;
  };
  const flow: Flow = {
    name,
    fault: "",
    feed(part, push) {
      fed += part.length;
      try {
        push();
      } catch (error) {
        stop(`it cannot be unpacked (${error instanceof Error ? error.message : error}).`);
      }
    },
    give(error, part, last) {
      if (ended) return;
      if (error) return stop(`it cannot be unpacked (${error.message}).`);
      bytes += part.length;
      const from = Math.max(1, packed() || fed);
      if (bytes > MAX_BYTES || (bytes > FREE_BYTES && bytes > MAX_RATIO * from)) {
        return stop(`it unpacks to more than ${MAX_RATIO} times its size, as no data does; it was stopped.`);
      }
      if (part.length > 0) waiting.push(part);
      if (last) ended = true;
    },
    async *drain(feed) {
      for (;;) {
        const part = waiting.shift();
        if (part) yield part as Uint8Array<ArrayBuffer>;
        else if (ended || !(await feed())) return;
      }
    },
    async finish(feed) {
      while (!ended && (await feed())) waiting = [];
      if (!ended) stop("it breaks off.");
    },
  };
  return flow;
}

function startEntry(file: UnzipFile): Flow {
  const flow = createFlow(file.name, () => file.size ?? 0);
  try {
    file.ondata = (error, part, last) => {
      flow.give(error, part, last);
      if (flow.fault !== "") file.terminate();
    };
    file.start();
  } catch (error) {
    flow.give(error instanceof Error ? error : new Error(String(error)), new Uint8Array(), true);
  }
  return flow;
}
