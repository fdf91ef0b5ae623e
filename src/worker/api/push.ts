/** A push to the Hub: what is asked, what can be said before it, and how far it is, as types only. */
export interface PushAsk {
  /** "owner/name" */
  readonly repo: string;
  readonly isPublic: boolean;
  /** A repository that is there already gets a further commit. */
  readonly update: boolean;
  /** For this push only; it is kept nowhere. */
  readonly token?: string | undefined;
  /** The base's licence, where no model is open that says it. */
  readonly license?: string | undefined;
}

/** What can be said before a push. */
export interface PushView {
  readonly repo: string;
  /** Whose token it is. */
  readonly account: string;
  readonly exists: boolean;
  /** Files of the repository that this push replaces. */
  readonly replaces: readonly string[];
  readonly bytes: number;
  /** Why the base's licence does not let it be published, or null. */
  readonly forbids: string | null;
  /** What the base's licence asks. */
  readonly notes: readonly string[];
}

export interface PushStep {
  readonly phase: "check" | "hash" | "send" | "commit";
  /** Bytes of all files, hashed or sent. */
  readonly done: number;
  readonly total: number;
}
