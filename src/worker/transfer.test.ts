import { expose, proxy, wrap } from "comlink";
import { afterAll, describe, expect, it } from "vitest";
import { AppError } from "@/errors";
import { installErrorTransfer } from "@/worker/transfer";

interface Api {
  fail(kind: "app" | "other"): void;
  count(to: number, onNumber: (n: number) => void): Promise<string>;
}

installErrorTransfer();
const { port1, port2 } = new MessageChannel();
const api: Api = {
  fail(kind) {
    if (kind === "app") throw new AppError("dataset/empty", "No rows.", { hint: "Add some." });
    throw new TypeError("oops");
  },
  async count(to, onNumber) {
    for (let n = 1; n <= to; n++) onNumber(n);
    return "counted";
  },
};
expose(api, port1);
const remote = wrap<Api>(port2);
afterAll(() => {
  port1.close();
  port2.close();
});

describe("worker border", () => {
  it("keeps class, code, message and hint of an AppError", async () => {
    const error = await remote.fail("app").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: "dataset/empty", message: "No rows.", hint: "Add some." });
  });

  it("turns any other error into an internal one", async () => {
    const error = await remote.fail("other").catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "internal", message: "oops" });
  });

  it("carries callbacks", async () => {
    const heard: number[] = [];
    expect(
      await remote.count(
        3,
        proxy((n: number) => void heard.push(n)),
      ),
    ).toBe("counted");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard).toEqual([1, 2, 3]);
  });
});
