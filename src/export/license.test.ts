import { expect, test } from "vitest";
import { cardLicence, licenceView } from "./license";

test.each([
  ["apache-2.0", null],
  ["cc-by-nd-4.0", "does not allow"],
  ["cc-by-nc-nd-4.0", "does not allow"],
  ["cc-by-nc-4.0", null],
  [undefined, null],
])("%s", (id, forbids) => {
  const view = licenceView(id);
  if (forbids === null) expect(view.forbids).toBeNull();
  else expect(view.forbids).toContain(forbids);
});

test("what matters before publishing is said", () => {
  expect(licenceView("apache-2.0")).toEqual({ id: "apache-2.0", forbids: null, notes: [] });
  expect(licenceView("llama3.2").notes.join()).toContain("Built with Llama");
  expect(licenceView("cc-by-nc-4.0").notes.join()).toContain("no commercial use");
  expect(licenceView("x\n---\nevil: 1").id).toBeUndefined();
});

test("a card's licence is that of its front matter alone", () => {
  expect(cardLicence("---\nlanguage: en\nlicense: apache-2.0\n---\n")).toBe("apache-2.0");
  expect(cardLicence("---\nlanguage: en\n---\nlicense: mit\n")).toBeUndefined();
  expect(cardLicence("license: mit")).toBeUndefined();
});
