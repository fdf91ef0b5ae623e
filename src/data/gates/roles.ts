/** The order of a conversation's roles, as chat templates and the trainer expect it. */
import { type Gate, type GateRow, quote, rowsDo, severityOf } from "./gate";
import { messageText } from "./texts";

const ROLES = new Set(["system", "developer", "user", "assistant", "tool", "function", "ipython"]);
const isSystem = (role: string) => role === "system" || role === "developer";
const isTool = (role: string) => role === "tool" || role === "function" || role === "ipython";

export const roleOrder: Gate = {
  name: "role-order",
  title: "Roles out of order",
  why: "Templates expect system, then user and assistant in turn, and an answer at the end; some refuse other orders, others write a text that the model never saw. Correct the order, or leave these rows out.",
  fix: "drop",
  check(rows) {
    const faults = rows.flatMap((row, i) => {
      const fault = row.messages ? faultOf(row) : "";
      return fault === "" ? [] : [{ i, fault }];
    });
    if (faults.length === 0) return [];
    const message = `${rowsDo(faults.length, "has", "have")} roles out of order; the first: ${faults[0]?.fault ?? ""}.`;
    return [{ severity: severityOf(faults.length, rows.length), rows: faults.map(({ i }) => i), message }];
  },
};

/** What is wrong, or "". */
function faultOf({ messages, row }: GateRow): string {
  const list = messages ?? [];
  let before = "";
  for (const [i, message] of list.entries()) {
    const { role } = message;
    if (!ROLES.has(role)) return `an unknown role ${quote(role)}`;
    if (isSystem(role) && i > 0) return "a system message that is not the first";
    if (role === "assistant" && (before === "" || isSystem(before))) return "an assistant before any user";
    if (role === before && !isTool(role)) return `two ${role} messages in a row`;
    if (role !== "assistant" && !isTool(role) && messageText(message).trim() === "") return `an empty ${role} message`;
    before = role;
  }
  const answered = row.kind !== "chat-prompt";
  if (answered && before !== "assistant")
    return `it ends with ${before === "" ? "nothing" : before} and not with assistant`;
  return "";
}
