/** The first room: a promise, a button that shows it kept, and the steps to do it with one's own model and data. */
import { ChatCard } from "@/ui/parts/chat-card";
import { CompareCard } from "@/ui/parts/compare-card";
import { DataCard } from "@/ui/parts/data-card";
import { Hero } from "@/ui/parts/hero";
import { ModelCard } from "@/ui/parts/model-card";
import { Rail } from "@/ui/parts/rail";
import { RecipeCard } from "@/ui/parts/recipe-card";
import { RunCard } from "@/ui/parts/run-card";
import { TakeCard } from "@/ui/parts/take-card";

export function Home() {
  return (
    <>
      <Hero />
      <Rail />
      <main class="steps" tabIndex={-1}>
        <ModelCard />
        <DataCard />
        <RecipeCard />
        <RunCard />
        <CompareCard />
        <ChatCard />
        <TakeCard />
      </main>
      <footer class="foot">
        <p>
          Burnish is free software under the Apache 2.0 licence. It has no server, no account and no analytics. Runs and
          downloaded models are kept in this browser until you delete them; access tokens never are.
        </p>
      </footer>
    </>
  );
}
