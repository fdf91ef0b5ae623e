/** YAML 1.2 of a stranger: plain data, few aliases, no custom tags, no duplicate keys. */
import { parseDocument, stringify } from "yaml";
import { malformed } from "./limits";

/** Nodes that aliases may expand to; a "billion laughs" file needs many more. */
const MOST_ALIASES = 100;

/** Throws "suite/malformed". */
export function parseYaml(source: string, where: string): unknown {
  const document = parseDocument(source, { uniqueKeys: true, stringKeys: true, logLevel: "error" });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault) throw malformed(where, fault.message.split("\n")[0] ?? "is not YAML");
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    throw malformed(where, error instanceof Error ? error.message : "is not YAML");
  }
}

export const writeYaml = (value: unknown): string => stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
