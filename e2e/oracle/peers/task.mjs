/** What a page is asked: `?engine=webgpu&task=block&rank=16&seconds=3`. */
export function readTask() {
  const query = new URLSearchParams(location.search);
  return {
    engine: query.get("engine") ?? "webgpu",
    task: query.get("task") ?? "block",
    rank: Number(query.get("rank") ?? 16),
    seconds: Number(query.get("seconds") ?? 3),
  };
}
