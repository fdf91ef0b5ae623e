/**
 * Server-sent events from bytes that come in any pieces (WHATWG HTML, "Server-sent events"): lines end in LF, CR LF or CR,
 * an event ends with an empty line, lines that begin with a colon are comments. What is cut off before its empty line is no
 * event; whoever reads again gets it whole.
 */
export interface ServerEvent {
  /** "message" where none is named. */
  readonly event: string;
  readonly data: string;
}

const LARGEST_EVENT = 1_000_000;

/** Gives the events that these bytes complete. An event larger than a megabyte is dropped. */
export function eventReader(): (bytes: Uint8Array) => ServerEvent[] {
  const decoder = new TextDecoder();
  let rest = "";
  let event = "";
  let data: string[] = [];
  let size = 0;
  const clear = () => {
    event = "";
    data = [];
    size = 0;
  };
  const take = (line: string): ServerEvent[] => {
    if (line === "") {
      const found = data.length > 0 ? [{ event: event || "message", data: data.join("\n") }] : [];
      clear();
      return found;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    if (field !== "data") return [];
    size += value.length;
    if (size <= LARGEST_EVENT) data.push(value);
    return [];
  };
  return (bytes) => {
    rest += decoder.decode(bytes, { stream: true });
    // A CR at the end may be half of a CR LF.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = (lines.pop() ?? "").slice(-LARGEST_EVENT);
    return lines.flatMap(take);
  };
}
