import { expect, test } from "vitest";
import { createChatTemplate } from "./chat-template";

const render = (expression: string, content: string) =>
  createChatTemplate(`{% for m in messages %}{{ ${expression} }}{% endfor %}`).render([{ role: "user", content }]);

test("strips are Python's: of the characters that are named, and of its own white space", () => {
  expect(render("'[' + m.content.lstrip('\\n') + ']'", "\n  a \n")).toBe("[  a \n]");
  expect(render("'[' + m.content.rstrip('\\n') + ']'", "\n  a \n")).toBe("[\n  a ]");
  expect(render("'[' + m.content.strip() + ']'", "\x1f a\u3000")).toBe("[a]");
  expect(render("'[' + m.content.strip() + ']'", "\ufeffa")).toBe("[\ufeffa]");
  expect(render("m.content.split('</t>')[-1].lstrip('\\n').upper()", "x</t>\n y")).toBe(" Y");
  expect(render("'[' + m.content | trim + ']'", " a ")).toBe("[a]");
});
