/** Our page: a worker, as in the app. */
import { readTask } from "./task.mjs";

const worker = new Worker(new URL("./burnish-worker.mjs", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => {
  window.result = data;
};
worker.onerror = ({ message }) => {
  window.result = { error: message };
};
worker.postMessage(readTask());
