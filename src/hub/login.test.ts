import { afterEach, beforeEach, expect, test } from "vitest";
import { whoAmI } from "./account";
import { PUSH_SCOPES, startLogin } from "./login";
import { startHub, type TestHub } from "./loopback-hub";

const PAGE = "http://127.0.0.1:5173/";
let hub: TestHub;
beforeEach(async () => {
  hub = await startHub();
  hub.uploads.accounts.set(hub.logins.token, { name: "me", role: "write" });
});
afterEach(() => hub.close());

/** What the Hub sends the window back to. */
async function saidYes(url: string): Promise<string> {
  const { status, headers } = await fetch(url, { redirect: "manual" });
  expect(status).toBe(302);
  const back = new URL(headers.get("location") ?? "");
  expect(back.origin + back.pathname).toBe(PAGE);
  return back.search;
}

test("a yes becomes a token that the Hub knows, and no secret is in an address", async () => {
  const { url, finish } = await startLogin(hub.url, "client", PAGE, PUSH_SCOPES);
  expect(new URL(url).searchParams.get("scope")).toBe("openid profile contribute-repos");
  const query = await saidYes(url);
  const token = await finish(query);
  expect((await whoAmI({ endpoint: hub.url, token })).name).toBe("me");
  expect(`${hub.log.join()}${url}${query}`).not.toContain(token);
  await expect(finish(query)).rejects.toMatchObject({ code: "hub/denied" });
});

test("an answer to another attempt, a no and nonsense are refused", async () => {
  const mine = await startLogin(hub.url, "client", PAGE, PUSH_SCOPES);
  const other = await saidYes((await startLogin(hub.url, "client", PAGE, PUSH_SCOPES)).url);
  const exchanges = () => hub.log.filter((line) => line.includes("/oauth/token"));
  for (const query of [other, "?error=access_denied&state=x", "?code=1&state={", "?", "?code=1"]) {
    await expect(mine.finish(query)).rejects.toMatchObject({ code: "hub/denied" });
  }
  expect(exchanges()).toEqual([]);
  const forged = new URLSearchParams(await saidYes(mine.url));
  forged.set("code", new URLSearchParams(other).get("code") ?? "");
  await expect(mine.finish(`?${forged}`)).rejects.toMatchObject({ code: "hub/denied" });
});

test("a Hub that is away says what else can be done", async () => {
  await hub.close();
  await expect(startLogin(hub.url, "client", PAGE, PUSH_SCOPES)).rejects.toMatchObject({
    code: "network/failed",
    hint: /paste/,
  });
});
