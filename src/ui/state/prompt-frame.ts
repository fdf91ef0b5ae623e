/**
 * What all prompts of a dataset share in front and behind ("User: " … "\nCall:"). A model trained on framed requests
 * answers nonsense to a bare one, so the chat adds the frame unless it is already there. Pure.
 */
export interface PromptFrame {
  readonly before: string;
  readonly after: string;
}

const NONE: PromptFrame = { before: "", after: "" };

export function frameOf(prompts: readonly string[]): PromptFrame {
  const [first, ...others] = prompts;
  if (first === undefined || others.length === 0) return NONE;
  let before = 0;
  let after = 0;
  const shortest = Math.min(...prompts.map((prompt) => prompt.length));
  while (before < shortest && others.every((prompt) => prompt[before] === first[before])) before += 1;
  while (after < shortest - before && others.every((prompt) => prompt.at(-1 - after) === first.at(-1 - after)))
    after += 1;
  // Requests may begin or end alike by chance, so the frame ends at a separator and never inside a word.
  const head = /^[\s\S]*[:\n>\]#]\s*/.exec(first.slice(0, before))?.[0] ?? "";
  const tail = /\s*(?:\n|<|\[)[\s\S]*$/.exec(first.slice(first.length - after))?.[0] ?? "";
  return { before: head, after: tail };
}

export function putInFrame(text: string, frame: PromptFrame): string {
  const head = frame.before.trim();
  const tail = frame.after.trim();
  const already = (head === "" || text.trimStart().startsWith(head)) && (tail === "" || text.trimEnd().endsWith(tail));
  return already ? text : `${frame.before}${text.trim()}${frame.after}`;
}
