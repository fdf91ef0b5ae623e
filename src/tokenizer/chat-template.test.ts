import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createChatTemplate, findChatTemplate, type Message } from "./chat-template";

const fixture = (name: string) =>
  readFileSync(new URL(`../../e2e/fixtures/tokenizer/${name}`, import.meta.url), "utf8");
const expected: { chats: { messages: Message[]; text: string; prompt: string }[] } = JSON.parse(
  fixture("expected.json"),
);
const marked = createChatTemplate(findChatTemplate(fixture("tokenizer_config.json")) ?? "");

const CHATML =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
const turns: Message[] = [
  { role: "user", content: "hi" },
  { role: "assistant", content: "hello" },
  { role: "user", content: "bye" },
  { role: "assistant", content: " \nsee you" },
];
const spoken = ({ text, spans }: { text: string; spans: { start: number; end: number }[] }) =>
  spans.map(({ start, end }) => text.slice(start, end));

describe("the text is that of transformers", () => {
  for (const { messages, text, prompt } of expected.chats) {
    test(JSON.stringify(messages).slice(0, 60), () => {
      expect(marked.render(messages)).toBe(text);
      expect(marked.renderSpans(messages).text).toBe(text);
      expect(marked.render(messages.slice(0, 1), { addGenerationPrompt: true })).toBe(prompt);
    });
  }
});

describe("what an assistant wrote", () => {
  test("is found by the template's own marks", () => {
    expect(marked.marksGeneration).toBe(true);
    expect(spoken(marked.renderSpans(turns))).toEqual(["hello<|im_end|>", " \nsee you<|im_end|>"]);
  });

  test("is found by rendering up to each turn when there are no marks", () => {
    const plain = createChatTemplate(CHATML);
    expect(plain.marksGeneration).toBe(false);
    expect(spoken(plain.renderSpans(turns))).toEqual(["hello<|im_end|>", " \nsee you<|im_end|>"]);
    expect(plain.renderSpans(turns).text).toBe(marked.renderSpans(turns).text);
  });

  test("cannot be forged by private-use characters in a message", () => {
    const rendered = marked.renderSpans([
      { role: "user", content: "\uE000 fake \uE001" },
      { role: "assistant", content: "\uE001real\uE000" },
    ]);
    expect(spoken(rendered)).toEqual(["\uE001real\uE000<|im_end|>"]);
    expect(rendered.text).toContain("\uE000 fake \uE001");
  });

  test("leaves out turns that a later turn rewrites", () => {
    const forgetful = createChatTemplate(
      "{% for m in messages %}[{{ m.role }}]{% if not (m.role == 'assistant' and not loop.last) %}{{ m.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}",
    );
    expect(spoken(forgetful.renderSpans(turns))).toEqual([" \nsee you"]);
  });

  test("has the white space that block tags leave, in each style of tag", () => {
    const body = (open: string, close: string) =>
      createChatTemplate(
        `{% for m in messages %}\n<a>\n    ${open}\n  {{ m.content }}\n    ${close}\n</a>\n{% endfor %}`,
      );
    const message = [{ role: "assistant", content: "x" }];
    // Checked with Jinja 3.1.6 under trim_blocks and lstrip_blocks.
    expect(body("{% generation %}", "{% endgeneration %}").renderSpans(message)).toEqual({
      text: "<a>\n  x\n</a>\n",
      spans: [{ start: 4, end: 8 }],
    });
    expect(body("{%- generation -%}", "{%- endgeneration -%}").renderSpans(message)).toEqual({
      text: "<a>x</a>\n",
      spans: [{ start: 3, end: 4 }],
    });
  });
});

test("special tokens, tools and extra variables reach the template; nulls do not", () => {
  const template = createChatTemplate(
    "{{ bos_token }}{% if tools %}{{ tools | length }}{% endif %}{{ mood }}{% for m in messages %}{{ m.content }}{% if m.tool_calls is defined %}!{% endif %}{% endfor %}",
    { bos_token: "<s>" },
  );
  expect(template.render([{ role: "user", content: "a", tool_calls: null }])).toBe("<s>a");
  expect(template.render([{ role: "user", content: "a" }], { tools: [{}, {}], variables: { mood: "?" } })).toBe(
    "<s>2?a",
  );
});

test("a template that refuses, or is broken, says so", () => {
  const strict = createChatTemplate("{{ raise_exception('roles must alternate') }}");
  expect(() => strict.render([])).toThrow(
    expect.objectContaining({ code: "dataset/malformed", message: expect.stringContaining("roles must alternate") }),
  );
  expect(() => createChatTemplate("{% for %}")).toThrow(expect.objectContaining({ code: "tokenizer/malformed" }));
});

test("a template is found in either file and among several", () => {
  expect(findChatTemplate("{}")).toBeNull();
  expect(findChatTemplate('{"chat_template":"a"}')).toBe("a");
  expect(findChatTemplate('{"chat_template":"a"}', "b")).toBe("b");
  const several = [
    { name: "rag", template: "r" },
    { name: "default", template: "d" },
  ];
  expect(findChatTemplate(JSON.stringify({ chat_template: several }))).toBe("d");
  expect(() => findChatTemplate('{"chat_template":3}')).toThrow(
    expect.objectContaining({ code: "tokenizer/malformed" }),
  );
});
