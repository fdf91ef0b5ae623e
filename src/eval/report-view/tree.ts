/**
 * What a report looks like, as plain data: elements of a short list with attributes of a short list, and text. The page draws
 * it with Preact, the file writer escapes it into HTML; neither can be made to run or fetch anything, because no element here can.
 */
export type Tag =
  | ("section" | "header" | "footer" | "div" | "h1" | "h2" | "h3" | "p" | "ul" | "li" | "dl" | "dt" | "dd")
  | ("table" | "caption" | "thead" | "tbody" | "tr" | "th" | "td" | "details" | "summary")
  | ("strong" | "code" | "span" | "ins" | "del" | "svg" | "rect" | "line" | "circle");

export type Attribute =
  | ("class" | "id" | "role" | "scope" | "title" | "colspan" | "open" | "tabindex" | "dir")
  | ("aria-label" | "aria-hidden" | "data-testid" | "data-verdict" | "data-label" | "data-state")
  | ("width" | "height" | "x" | "y" | "x1" | "x2" | "y1" | "y2" | "rx" | "cx" | "cy" | "r");

export type Attributes = Partial<Readonly<Record<Attribute, string>>>;

export interface Element {
  readonly tag: Tag;
  readonly attributes: Attributes;
  readonly children: readonly Tree[];
}

export type Tree = string | Element;

/** Null children are left out. */
export function el(tag: Tag, attributes: Attributes, ...children: readonly (Tree | null | readonly Tree[])[]): Element {
  return { tag, attributes, children: children.flat().filter((child) => child !== null) };
}

/** All text of it, for tests and for readers without eyes. */
export function textIn(tree: Tree): string {
  return typeof tree === "string" ? tree : tree.children.map(textIn).join("");
}
