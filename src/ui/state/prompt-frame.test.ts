import { describe, expect, it } from "vitest";
import { frameOf, putInFrame } from "@/ui/state/prompt-frame";

const COMMANDS = ["User: Wake me at 7\nCall:", "User: Play Blue River\nCall:", "User: Please tell Anna\nCall:"];

describe("prompt frame", () => {
  it("finds what the rows share around each request", () => {
    expect(frameOf(COMMANDS)).toEqual({ before: "User: ", after: "\nCall:" });
  });

  it("does not take a shared first or last word for a frame", () => {
    expect(frameOf(["Text: I lost it today\nFeeling:", "Text: I won today\nFeeling:"])).toEqual({
      before: "Text: ",
      after: "\nFeeling:",
    });
    expect(frameOf(["Once upon a time", "Once more"])).toEqual({ before: "", after: "" });
    expect(frameOf(["only one\nCall:"])).toEqual({ before: "", after: "" });
  });

  it("frames a bare request once", () => {
    const frame = frameOf(COMMANDS);
    expect(putInFrame("Stop ", frame)).toBe("User: Stop\nCall:");
    expect(putInFrame("User: Stop\nCall:", frame)).toBe("User: Stop\nCall:");
    expect(putInFrame("as is ", { before: "", after: "" })).toBe("as is ");
  });
});
