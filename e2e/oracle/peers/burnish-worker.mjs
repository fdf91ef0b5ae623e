/** Our side in the page's worker. */
import { chooseTarget } from "@/session/choose-target";
import { runTask } from "./burnish-tasks.mjs";
import { answer } from "./measure.mjs";

const question = await new Promise((resolve) => {
  self.onmessage = ({ data }) => resolve(data);
});
const result = await answer(async () => {
  const { target } = await chooseTarget(question.engine, navigator.gpu);
  const get = async (path) => (await fetch(`/public/${path}`)).blob();
  return { ...(await runTask(target, question, get)), engine: target.description };
});
self.postMessage(result);
