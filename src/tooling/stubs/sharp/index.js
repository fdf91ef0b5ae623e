/** Language models have no pictures. */
export default function sharp() {
  throw new Error("Pictures are not read here.");
}
