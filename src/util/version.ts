/** Which Burnish made a thing. */
export { version as VERSION } from "../../package.json";
