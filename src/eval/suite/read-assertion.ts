/** An assertion as suites write it → ours. Unknown types, unknown keys and unusable values are gathered, not skipped. */
import * as z from "zod/mini";
import { type Assertion, isKnownType, VALUES } from "../assertions/assertion";
import { schemaFault } from "../assertions/json";
import { regexFault } from "../assertions/regex";
import { type Refusals, shortText } from "./limits";
import { parseYaml } from "./yaml";

const Raw = z.object({
  type: shortText,
  value: z.optional(z.unknown()),
  threshold: z.optional(z.number()),
  weight: z._default(z.number().check(z.nonnegative()), 1),
  metric: z.optional(shortText),
  assert: z.optional(z.array(z.unknown()).check(z.maxLength(64))),
});
const KEYS = new Set(Object.keys(Raw.shape));

export function readAssertion(raw: unknown, where: string, refusals: Refusals, depth = 0): Assertion[] {
  const parsed = z.safeParse(Raw, raw);
  if (!parsed.success) {
    refusals.add(`an assertion whose ${parsed.error.issues[0]?.path.join(".") || "form"} is not valid`, where);
    return [];
  }
  const { type: written, value, threshold, weight, metric, assert } = parsed.data;
  const not = written.startsWith("not-");
  const type = not ? written.slice(4) : written;
  for (const key of Object.keys(raw as object)) if (!KEYS.has(key)) refusals.add(`assertion key "${key}"`, where);
  if (!isKnownType(type)) {
    refusals.add(`assertion type "${written}"`, where);
    return [];
  }
  if (type === "assert-set" && (depth > 0 || !assert || assert.length === 0)) {
    refusals.add("an assert-set that is empty or nested", where);
    return [];
  }
  const fault = valueFault(type, value, threshold);
  if (fault) refusals.add(fault, where);
  const used =
    (type === "is-json" || type === "contains-json") && typeof value === "string" ? parseYaml(value, where) : value;
  return [
    {
      ...{ type, not, weight },
      ...(used === undefined ? {} : { value: used }),
      ...(threshold === undefined ? {} : { threshold }),
      ...(metric === undefined ? {} : { metric }),
      ...(assert ? { assert: assert.flatMap((item) => readAssertion(item, where, refusals, depth + 1)) } : {}),
    },
  ];
}

function valueFault(type: Assertion["type"], value: unknown, threshold: number | undefined): string | null {
  if (!z.safeParse(VALUES[type], value).success || (type === "equals" && value === undefined)) {
    return `${type} without a usable value`;
  }
  if (typeof value === "string" && value.startsWith("file://")) return "a value in another file (file://)";
  if (type === "regex") return regexFault(String(value));
  if (type === "perplexity" && threshold === undefined) return "perplexity without a threshold";
  if (type === "is-json" || type === "contains-json") {
    return schemaFault(typeof value === "string" ? parseYaml(value, type) : value);
  }
  return null;
}
