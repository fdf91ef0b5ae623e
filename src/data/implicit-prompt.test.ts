import { expect, test } from "vitest";
import { sharedMessages, sharedText } from "./implicit-prompt";

test("the common beginning is the prompt, and its last space goes to the answers", () => {
  expect(sharedText("The sky is blue.", "The sky is green.")).toEqual({
    prompt: "The sky is",
    chosen: " blue.",
    rejected: " green.",
  });
  expect(sharedText("Q: x\nA: yes", "Q: x\nA: yellow")).toEqual({
    prompt: "Q: x\nA: ye",
    chosen: "s",
    rejected: "llow",
  });
});

test("characters are counted, not UTF-16 units, so that none is cut in half", () => {
  expect(sharedText("😀a", "😁b")).toEqual({ prompt: "", chosen: "😀a", rejected: "😁b" });
});

test("answers that are the same, or differ in length only, keep their last element", () => {
  expect(sharedText("same", "same")).toEqual({ prompt: "sam", chosen: "e", rejected: "e" });
  expect(sharedText("ab", "abcd")).toEqual({ prompt: "a", chosen: "b", rejected: "bcd" });
  expect(sharedText("", "x")).toBeNull();
});

test("messages are compared by value, null fields and the order of keys aside", () => {
  const ask = { role: "user", content: "hi" };
  const yes = { role: "assistant", content: "yes" };
  const no = { role: "assistant", content: "no" };
  expect(sharedMessages([ask, yes], [{ content: "hi", role: "user", name: null }, no])).toEqual({
    prompt: [ask],
    chosen: [yes],
    rejected: [no],
  });
  expect(sharedMessages([], [no])).toBeNull();
});
