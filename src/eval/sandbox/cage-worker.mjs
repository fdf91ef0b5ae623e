// Follows cage.mjs in a classic worker of an opaque origin, whose policy lets nothing out. The port comes once, from the
// frame, and stays in here; what is said to the worker's own scope is not heard.
self.onmessage = ({ ports: [port] }) => {
  self.onmessage = null;
  const post = port.postMessage.bind(port);
  const listen = (handle) => {
    port.onmessage = ({ data }) => handle(data);
  };
  const { createObjectURL } = URL;
  const TextBlob = Blob;
  const importText = (text) => import(createObjectURL(new TextBlob([text], { type: "text/javascript" })));
  const runScript = async (text, input) => (await importText(`export default ${text}`)).default(input);
  // Pyodide asks by this whether a worker is a classic one, in which it expects no import().
  Object.defineProperty(self, "importScripts", { value: undefined });
  globalThis.openCage({ post, listen }, importText, runScript);
};
