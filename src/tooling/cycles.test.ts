import { expect, test } from "vitest";
import { cyclesIn } from "./cycles";

test("files that reach each other are a cycle, by whatever way", () => {
  const edges = (text: string) => new Map(text.split(" ").map((pair) => [pair.charAt(0), [...pair.slice(1)]]));
  expect(cyclesIn(edges("abd bc cb de e"))).toEqual(["b ↔ c"]);
});
