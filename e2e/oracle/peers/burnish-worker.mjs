import { createCpuTarget } from "@/cpu/cpu-target";
import { openDevice } from "@/gpu/device";
import { createWebGpuTarget } from "@/gpu/webgpu-target";
import { runTask } from "./burnish-tasks.mjs";
import { answer } from "./measure.mjs";

const question = await new Promise((resolve) => {
  self.onmessage = ({ data }) => resolve(data);
});
const result = await answer(async () => {
  const target =
    question.engine === "webgpu" ? createWebGpuTarget(await openDevice(navigator.gpu)) : await createCpuTarget();
  const get = async (path) => (await fetch(`/public/${path}`)).blob();
  return { ...(await runTask(target, question, get)), engine: target.description };
});
self.postMessage(result);
