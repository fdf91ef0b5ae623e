import { Template } from "@huggingface/jinja";
import { expect, test } from "vitest";
import { keepTextAtControls } from "./loop-controls";

// Right-hand sides: jinja2 with loopcontrols, trim_blocks and lstrip_blocks.
const RENDERS = [
  ["{% for x in [1,2,3] %}a{{ x }}{% if x == 2 %}b{% break %}c{% endif %}d{% endfor %}e", "a1da2be"],
  ["{% for x in [1,2,3] %}a{{ x }}{% if x == 2 %}b{% continue %}c{% endif %}d{% endfor %}e", "a1da2ba3de"],
  [
    "{% for x in [1,2] %}[{% for y in [1,2,3] %}{{ x }}{{ y }}{% if y == x %}!{% continue %}{% endif %},{% if y == 2 %}{% break %}{% endif %};{% endfor %}]{% if x == 1 %}{% continue %}{% else %}z{% endif %}w{% endfor %}",
    "[11!12,][21,;22!23,;]zw",
  ],
  [
    "{% for x in [1,2,3] %}{% if x == 1 %}one{% elif x == 2 %}two{% continue %}{% else %}more{% break %}{% endif %}.{% else %}none{% endfor %}",
    "one.twomore",
  ],
  [
    "{% for x in [1,2,3] if x != 2 %}{{ loop.index }}{% set y = x %}{% if loop.last %}{% break %}{% endif %}-{{ y }} {% endfor %}",
    "1-1 2",
  ],
] as const;

test.each(RENDERS)("%s", (source, expected) => {
  const template = new Template(source);
  keepTextAtControls(template.parsed);
  expect(template.render({})).toBe(expected);
  expect(template.render({}), "a second time").toBe(expected);
});

test("without controls the tree stays as it is", () => {
  const template = new Template("{% for x in [1,2] %}{{ x }}{% if x == 1 %}a{% endif %}{% endfor %}");
  const before = JSON.stringify(template.parsed);
  keepTextAtControls(template.parsed);
  expect(JSON.stringify(template.parsed)).toBe(before);
});
