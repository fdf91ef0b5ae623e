/** The last number of the answer, within an absolute tolerance (`threshold`, one in a million by default). */
import { grade } from "../graders";
import type { Assertion, Grade } from "./assertion";

export const numeric = (output: string, { value, threshold = 1e-6 }: Assertion): Grade =>
  grade(output, { kind: "numeric", expected: Number(value), tolerance: threshold });
