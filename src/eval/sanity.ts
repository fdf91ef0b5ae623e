/** Arms without a model: the commonest answer, the question itself, nothing. A suite that these pass measures little. */
import { judge } from "./assertions/judge";
import { questionText, type Suite } from "./suite";

export interface SanityArm {
  readonly name: "majority" | "echo" | "empty";
  readonly passed: number;
  readonly n: number;
}

/** Cases that only code, choices or people can judge are left out. */
export async function sanityArms({ cases }: Suite): Promise<SanityArm[]> {
  const judged = cases.filter(({ assert, code, choices }) => assert.length > 0 && !code && !choices);
  const counts = new Map<string, number>();
  for (const { expected = "" } of judged) counts.set(expected, (counts.get(expected) ?? 0) + 1);
  const [majority = ""] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
  const answerers = { majority: () => majority, echo: questionText, empty: () => "" } as const;
  const names = ["majority", "echo", "empty"] as const;
  return Promise.all(
    names.map(async (name) => {
      let passed = 0;
      for (const one of judged) {
        const grade = await judge(answerers[name](one), one.assert, one.threshold, { vars: one.vars ?? {} }, null);
        if (grade.pass && !grade.error) passed++;
      }
      return { name, passed, n: judged.length };
    }),
  );
}
