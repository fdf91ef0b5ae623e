export const ISOLATION: Readonly<Record<string, string>>;
export function parseRange(
  header: string | undefined,
  size: number,
): { first: number; last: number } | null | undefined;
export function serve(
  folder: string,
  port?: number,
  options?: { tries?: number; isolated?: boolean },
): Promise<{ url: string; port: number; close: () => Promise<void> }>;
