/**
 * The end of a device. When the graphics process stops, whatever waits for it fails at once and in words of its own; that
 * the device is lost is told some time later, and is what a person should hear.
 */
import { AppError } from "@/errors";

/** How long the news may take behind the first failure. */
const NEWS_MS = 1000;

export interface Loss {
  /** Throws once the device is lost. */
  check(): void;
  /** What waits for the device: fails with device/lost if that is why. */
  alive<T>(answer: Promise<T>): Promise<T>;
}

export function lossOf(device: Pick<GPUDevice, "lost">): Loss {
  let gone = false;
  const lost = device.lost.then(() => {
    gone = true;
  });
  const check = () => {
    if (gone) throw deviceLost();
  };
  const alive = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch(async (error: unknown) => {
      // What we say ourselves, as of a kernel that does not compile, need not wait for news.
      const most = error instanceof AppError ? 0 : NEWS_MS;
      await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, most))]);
      check();
      throw error;
    });
  return { check, alive };
}

const deviceLost = () =>
  new AppError("device/lost", "The graphics process stopped, and what was in its memory is gone.", {
    hint: "Reload the page or start the command again. A run goes on from its last checkpoint, under Runs.",
  });
