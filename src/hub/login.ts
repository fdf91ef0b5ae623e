/**
 * Logging in at the Hub by OAuth with PKCE, for a page that its host has registered there. Nothing is stored: the verifier
 * and the nonce live in the attempt, the token with whoever asked. The answer comes back as the query of an address of ours.
 */
import { AppError } from "@/errors";

export interface LoginAttempt {
  /** The Hub's page that asks the person. */
  readonly url: string;
  /** Takes the query that the Hub answered with; throws "hub/denied". */
  finish(query: string): Promise<string>;
}

/** Makes repositories and writes to those, and to no other. */
export const PUSH_SCOPES = "openid profile contribute-repos";
/** Also spends, by starting jobs. */
export const JOB_SCOPES = `${PUSH_SCOPES} jobs`;

export async function startLogin(
  endpoint: string,
  clientId: string,
  redirectUrl: string,
  scopes: string,
): Promise<LoginAttempt> {
  const { oauthLoginUrl, oauthHandleRedirect } = await import("@huggingface/hub");
  const secret: { codeVerifier?: string; nonce?: string } = {};
  const asked = { clientId, redirectUrl, hubUrl: endpoint, scopes, localStorage: secret };
  const url = await oauthLoginUrl(asked).catch((cause: unknown) => {
    throw new AppError("network/failed", "The Hub did not answer the wish to log in.", { hint: PASTE, cause });
  });
  const { codeVerifier = "", nonce = "" } = secret;
  return {
    url,
    finish: async (query) => {
      const redirectedUrl = `${redirectUrl}${query}`;
      try {
        return (await oauthHandleRedirect({ hubUrl: endpoint, redirectedUrl, codeVerifier, nonce })).accessToken;
      } catch (cause) {
        throw new AppError("hub/denied", "The Hub did not let this page in.", { hint: PASTE, cause });
      }
    },
  };
}

const PASTE = "Try again, or paste a token from huggingface.co/settings/tokens.";
