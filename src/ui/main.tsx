/** Starts the page: a session in its worker (or, in development, a mock), the state that watches itself, the view. */
import { render } from "preact";
import { isLoopback, parseEndpoint } from "@/hub/client";
import { HUB } from "@/hub/reference";
import { App } from "@/ui/app";
import { readCatalog } from "@/ui/state/catalog";
import { watchCheck } from "@/ui/state/check";
import { useSession } from "@/ui/state/core";
import { watchShape } from "@/ui/state/dataset";
import { findDevice } from "@/ui/state/device";
import { readCachedModels } from "@/ui/state/hub";
import { answeredLogin } from "@/ui/state/login";
import { watchPlan } from "@/ui/state/plan";
import { readLink } from "@/ui/state/recipe";
import { watchOutlines } from "@/ui/state/take";
import { recallTheme } from "@/ui/state/theme";
import { type Engine, type PageSession, startSession } from "@/worker/client";
import "@/ui/theme.css";

async function openSession(): Promise<PageSession> {
  const query = new URLSearchParams(location.search);
  if (import.meta.env.DEV && query.has("mock")) {
    const { createMockSession } = await import("@/ui/mock/session");
    return createMockSession(query);
  }
  return startSession(document.baseURI, engineOf(query), hubOf(query));
}

/** `?engine=cpu` or `?engine=webgpu` overrules the automatic choice. */
function engineOf(query: URLSearchParams): Engine {
  const wish = query.get("engine");
  return wish === "cpu" || wish === "webgpu" ? wish : "auto";
}

/** `?hub=http://127.0.0.1:PORT` takes models from a mirror on this machine; a link cannot name any other place. */
function hubOf(query: URLSearchParams): string {
  const wish = query.get("hub") ?? "";
  return isLoopback(wish) ? parseEndpoint(wish) : HUB;
}

async function start(): Promise<void> {
  if (answeredLogin(location.search)) return;
  recallTheme(localStorage);
  useSession(await openSession());
  readLink(location.hash);
  watchShape();
  watchPlan();
  watchCheck();
  watchOutlines();
  const root = document.getElementById("app");
  if (root) render(<App />, root);
  await Promise.all([findDevice(), readCatalog(), readCachedModels()]);
}

void start();
