/**
 * What a base's licence means for what is made of it, by the identifiers of the Hub. Not legal advice: it passes the
 * licence on, and says what is known to matter before someone publishes.
 */
export interface LicenceView {
  /** For the card's metadata. */
  readonly id: string | undefined;
  /** Why the result must not be published, or null. */
  readonly forbids: string | null;
  /** What whoever publishes should know. */
  readonly notes: readonly string[];
}

const NAMED: Readonly<Record<string, string>> = {
  llama2: "Llama 2’s licence asks for its notice and its use policy in every copy.",
  llama3: "Llama 3’s licence asks for “Built with Llama” and for a name that begins with “Llama”.",
  "llama3.1": "Llama 3.1’s licence asks for “Built with Llama” and for a name that begins with “Llama”.",
  "llama3.2": "Llama 3.2’s licence asks for “Built with Llama” and for a name that begins with “Llama”.",
  "llama3.3": "Llama 3.3’s licence asks for “Built with Llama” and for a name that begins with “Llama”.",
  gemma: "Gemma’s terms of use pass to everyone who gets this model, and must be given to them.",
};

export function licenceView(given: string | undefined): LicenceView {
  const id = given?.trim().toLowerCase();
  if (!id || !/^[a-z0-9][a-z0-9.+-]{0,60}$/.test(id) || id === "unknown") {
    return {
      id: undefined,
      forbids: null,
      notes: ["The base names no licence here: look at its page, and publish only what its owner allows."],
    };
  }
  // Creative Commons' ND: a fine-tune is a derivative.
  const noDerivatives = /(^|-)nd(-|$)/.test(id);
  const notes = [
    ...(/(^|-)nc(-|$)/.test(id) ? [`${id} allows no commercial use, of the result neither.`] : []),
    ...(/(^|-)sa(-|$)|gpl/.test(id) ? [`${id} asks that the result be shared under the same terms.`] : []),
    ...(id === "other" ? ["The base has terms of its own: read them on its page before publishing."] : []),
    ...(NAMED[id] ? [NAMED[id]] : []),
  ];
  const forbids = noDerivatives ? `The base’s licence, ${id}, does not allow changed versions to be shared.` : null;
  return { id, forbids, notes };
}

/** The licence that a model card's front matter names. */
export const cardLicence = (card: string): string | undefined =>
  /^---\r?\n(?:(?!---).*\r?\n)*?license: *["']?([\w.+-]+)/.exec(card)?.[1];
