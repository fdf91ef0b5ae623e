/** The sign of the house: a disc of copper with the stroke that polished it. Decoration, so hidden from readers. */
export function Mark() {
  return <img class="mark" src="./favicon.svg" alt="" width="36" height="36" />;
}
