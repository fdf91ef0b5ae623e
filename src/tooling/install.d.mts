/** Throws a PlainError for a version that is too old. */
export function checkNode(version?: string): void;
