// Follows cage.mjs in a classic worker of the sandbox's frame, both inside one function. Its policy lets it load nothing
// but what it makes itself. Python stays here; each piece of JavaScript gets a worker of its own inside this one, so that
// none leaves anything behind for the next, and what it says is only ever read as a value.
const { URL, Blob, Worker } = globalThis;
const addressOf = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));

const importText = (text) => import(addressOf(text));

const runScript = (text, input) =>
  new Promise((resolve, reject) => {
    const speak = `((post) => ((${strip})(${JSON.stringify(LANGUAGE)}), post))(postMessage.bind(globalThis))`;
    const address = addressOf(`(${speak})((${text})(${JSON.stringify(input)}));`);
    const worker = new Worker(address);
    const settle = (end, given) => {
      worker.terminate();
      URL.revokeObjectURL(address);
      end(given);
    };
    worker.onmessage = ({ data }) => settle(resolve, data);
    worker.onerror = (event) => {
      event.preventDefault();
      settle(reject, new Error(event.message));
    };
  });

globalThis.onmessage = ({ ports: [port] }) => {
  const post = port.postMessage.bind(port);
  const listen = (handle) => {
    port.onmessage = ({ data }) => handle(data);
  };
  globalThis.openCage({ post, listen }, importText, runScript);
};
