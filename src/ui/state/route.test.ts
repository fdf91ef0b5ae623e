import { expect, it } from "vitest";
import { roomOf } from "@/ui/state/route";

it("opens a room by its fragment, and the first one for everything else", () => {
  expect(roomOf("#/bench")).toBe("bench");
  expect(roomOf("")).toBe("");
  expect(roomOf("#recipe:lora.rank=4")).toBe("");
  expect(roomOf("#/../x")).toBe("");
});
