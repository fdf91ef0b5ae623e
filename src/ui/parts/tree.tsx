/** Draws a report's tree with Preact: the same tree that a saved report is written from. Its text stays text. */
import { createElement, type VNode } from "preact";
import type { Tree } from "@/eval/report-view/tree";

export function drawTree(tree: Tree, key?: number): VNode | string {
  if (typeof tree === "string") return tree;
  const { tag, attributes, children } = tree;
  const props = key === undefined ? attributes : { ...attributes, key };
  // An empty attribute of HTML is a switch that is on.
  const drawn = "open" in props ? { ...props, open: true } : props;
  return createElement(tag, drawn as object, ...children.map((child) => drawTree(child)));
}
