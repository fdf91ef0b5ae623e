/**
 * Decoding ids that arrive one by one. A token may end in the middle of a character, and some decoders treat the first
 * token specially, so the new text is the difference of two decodings of a short window, and is held back while its
 * last character is not whole.
 */
import type { Tokenizer } from "./tokenizer";

export interface TextStream {
  /** The text that this id completes; may be empty. */
  push(id: number): string;
  /** What was held back. */
  end(): string;
}

export function createTextStream(tokenizer: Tokenizer, options?: { skipSpecial?: boolean }): TextStream {
  let shown: number[] = []; // context whose text is out already
  let pending: number[] = [];
  const difference = () => {
    const before = tokenizer.decode(shown, options);
    return tokenizer.decode([...shown, ...pending], options).slice(before.length);
  };
  const flush = (text: string) => {
    // A window whose text is empty (a skipped special token) is no context for the next.
    if (pending.length > 0 && text !== "") shown = pending;
    pending = [];
    return text;
  };
  return {
    push(id) {
      pending.push(id);
      const text = difference();
      return text.endsWith("\uFFFD") ? "" : flush(text);
    },
    end: () => flush(difference()),
  };
}
