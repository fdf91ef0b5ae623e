/** Logging in by another window, which the page's isolation cuts off: only the channel brings the answer back. */
import { expect, test } from "playwright/test";
import { folderFiles, startHub } from "../src/hub/loopback-hub";
import { fixture, openPage } from "./support";

const MODEL = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];

test("a host's client id lets people log in, and the token is in no storage", async ({ page, context, baseURL }) => {
  const hub = await startHub();
  hub.repos.set("tiny/llama", { files: folderFiles(fixture("llama-gqa"), MODEL) });
  // The page may only talk to the real Hub: what it says there goes to ours.
  await context.route("https://huggingface.co/**", async (route) => {
    const request = route.request();
    const { pathname, search } = new URL(request.url());
    const data = request.postData();
    const answer = await fetch(hub.url + pathname + search, {
      ...{ method: request.method(), redirect: "manual", headers: await request.allHeaders() },
      ...(data === null ? {} : { body: data }),
    });
    const back = answer.headers.get("location");
    const text = (await answer.text()).replaceAll(hub.url, "https://huggingface.co");
    const cors = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*" };
    if (back === null) return route.fulfill({ status: answer.status, body: text, headers: cors });
    const hop = `<meta http-equiv="refresh" content="0;url=${back.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}">`;
    return route.fulfill({ contentType: "text/html", body: hop });
  });
  await context.route(
    (url) => url.origin + url.pathname === baseURL,
    async (route) => {
      const response = await route.fetch();
      const named = '<head><meta name="burnish-oauth-client" content="test-client">';
      await route.fulfill({ response, body: (await response.text()).replace("<head>", named) });
    },
  );
  const faults = await openPage(page, "cpu", `hub=${encodeURIComponent(hub.url)}`);
  await page.getByTestId("hub-reference").fill("tiny/llama");
  await page.getByTestId("hub-open").click();
  await page.getByTestId("quant-safetensors").selectOption("f32");
  await page.getByTestId("export").click();
  await page.getByTestId("push-open").click({ timeout: 30_000 });
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);

  const opened = context.waitForEvent("page");
  await page.getByTestId("login").click();
  const popup = await opened;
  await expect(page.getByTestId("push-token")).toHaveValue(hub.logins.token, { timeout: 15_000 });
  if (!popup.isClosed()) await expect(popup.locator("body")).toContainText("can be closed");
  expect(hub.logins.scope).toBe("openid profile contribute-repos");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  expect(kept).not.toContain(hub.logins.token);
  expect(faults).toEqual([]);
  await hub.close();
});
