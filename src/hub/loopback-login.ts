/** The loopback Hub's OAuth: one person who says yes, a code that is good once, and only with the verifier (RFC 7636, S256). */
import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface LoginState {
  /** What a code is worth. */
  token: string;
  /** By code. */
  readonly codes: Map<string, { readonly challenge: string; readonly redirect: string }>;
  /** What was asked for, last. */
  scope: string;
}

export const newLogins = (): LoginState => ({ token: "hf_oauth_token", codes: new Map(), scope: "" });

interface LoginAnswer {
  readonly status: number;
  readonly body: object;
  /** Of a redirect. */
  readonly location?: string;
}

const refused = (error: string): LoginAnswer => ({ status: 400, body: { error } });

/** Undefined for what is no login. */
export async function answerLogin(
  state: LoginState,
  request: IncomingMessage,
  { pathname, searchParams }: URL,
  origin: string,
): Promise<LoginAnswer | undefined> {
  if (pathname === "/.well-known/openid-configuration") {
    const at = (what: string) => `${origin}/oauth/${what}`;
    const [authorize, token, user] = [at("authorize"), at("token"), at("userinfo")];
    const body = { authorization_endpoint: authorize, token_endpoint: token, userinfo_endpoint: user };
    return { status: 200, body };
  }
  if (pathname === "/oauth/authorize") return authorise(state, searchParams);
  if (pathname === "/oauth/token") return exchange(state, new URLSearchParams(await textOf(request)));
  if (pathname !== "/oauth/userinfo") return undefined;
  const known = request.headers.authorization === `Bearer ${state.token}`;
  return known ? { status: 200, body: { sub: "1", preferred_username: "me" } } : { status: 401, body: {} };
}

function authorise(state: LoginState, asked: URLSearchParams): LoginAnswer {
  const redirect = asked.get("redirect_uri") ?? "";
  const challenge = asked.get("code_challenge") ?? "";
  if (asked.get("code_challenge_method") !== "S256" || challenge === "") return refused("invalid_request");
  if (asked.get("response_type") !== "code" || !asked.get("client_id")) return refused("invalid_client");
  state.scope = asked.get("scope") ?? "";
  const code = randomUUID();
  state.codes.set(code, { challenge, redirect });
  const location = `${redirect}?${new URLSearchParams({ code, state: asked.get("state") ?? "" })}`;
  return { status: 302, body: {}, location };
}

function exchange(state: LoginState, asked: URLSearchParams): LoginAnswer {
  const code = asked.get("code") ?? "";
  const given = state.codes.get(code);
  state.codes.delete(code);
  const verifier = createHash("sha256")
    .update(asked.get("code_verifier") ?? "")
    .digest("base64url");
  const fits = given?.challenge === verifier && given.redirect === asked.get("redirect_uri");
  if (!fits || asked.get("grant_type") !== "authorization_code") return refused("invalid_grant");
  const body = { access_token: state.token, token_type: "bearer", expires_in: 3600, scope: state.scope, id_token: "" };
  return { status: 200, body };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request as AsyncIterable<Buffer>) {
    text += piece.toString();
    if (text.length > 10_000) throw new Error("a body without end");
  }
  return text;
}
