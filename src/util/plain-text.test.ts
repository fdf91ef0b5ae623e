import { expect, test } from "vitest";
import { plainLine, plainText } from "./plain-text";

test.each([
  ["\x1b[31mred\x1b[0m and \x1b[2J\x1b[Hcleared", "red and cleared"],
  ["\x1b]0;a new title\x07title", "title"],
  ["\x1b]8;;https://evil.example\x1b\\a link\x1b]8;;\x1b\\", "a link"],
  ["\x1bPq#0sixels\x1b\\picture", "picture"],
  ["\x9b31mone byte\x9b0m, \x9d0;title\x9cstring", "one byte, string"],
  ["\x1b]0;never ended", "0;never ended"],
  ["\x1bc\x1b(Breset", "reset"],
  ["bell\x07, null\0, backspace\b\b", "bell, null, backspace"],
  ["user\u202etxt.exe\u2066", "usertxt.exe"],
  ["half a letter \ud83d", "half a letter "],
  ["<img src=x onerror=alert(1)> **bold** & 😀 é 訓練\ttab", "<img src=x onerror=alert(1)> **bold** & 😀 é 訓練\ttab"],
  ["  0%|   |\r 50%|█  |\r100%|██ |\r", "100%|██ |"],
  ["", ""],
  ["\r\r", ""],
])("%j is shown as %j", (text, shown) => {
  expect(plainLine(text)).toBe(shown);
});

test("a line is bounded, and says by how much; what is bounded never ends in half a letter", () => {
  expect(plainLine("x".repeat(1_000_000), 100)).toBe(`${"x".repeat(100)}… (999900 more characters)`);
  expect(plainLine("😀".repeat(100), 101)).toMatch(/^😀{50}… \(99 more characters\)$/u);
});

test("lines stay", () => {
  expect(plainText("a\x1b[1m\nb\r\n")).toBe("a\nb\n");
});
