/** A server answers: which one, and what it is sent. */
import { ServerFields } from "@/ui/parts/evaluate/server-fields";
import { server } from "@/ui/state/answerers";

export function OnServer() {
  return (
    <>
      <p class="soft">
        Anything that speaks OpenAI’s chat completions: llama-server, Ollama, LM Studio, vLLM, Hugging Face’s router.
        Your cases are sent there, and nowhere else.
      </p>
      <ServerFields at={server} testid="server" />
    </>
  );
}
