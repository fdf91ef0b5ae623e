/** Measuring the device, with shapes built on the spot or with the model that is open. */
import { SHAPES, type ShapeName } from "@/bench/shapes";
import { runBench, type Subject, shapeSubject } from "@/bench/suite";
import { AppError } from "@/errors";
import type { Session } from "@/session/contract";
import type { RunControl } from "@/session/control";
import type { Core } from "@/session/core";
import type { OpenModel } from "@/session/open-model";

export function benchCalls({ platform, state, requireIdle, requireModel }: Core): Pick<Session, "bench"> {
  return {
    bench: async (options, onReport) => {
      requireIdle();
      const { target } = await platform.openTarget();
      const shapes = options.shapes.map((name) => shapeSubject(target, shapeName(name)));
      const subjects = shapes.length > 0 ? shapes : [openSubject(requireModel())];
      const control: RunControl = { stopped: false, paused: undefined };
      state.run = control;
      try {
        return await runBench(target, subjects, options, onReport, () => control.stopped);
      } finally {
        delete state.run;
      }
    },
  };
}

function openSubject({ info, arch, formats, runtime }: OpenModel): Subject {
  const open = () => ({ runtime, close: () => {} });
  return { label: info.name, parameters: info.parameters, arch, formats, open };
}

function shapeName(name: string): ShapeName {
  if (Object.hasOwn(SHAPES, name)) return name as ShapeName;
  throw new AppError("usage", `There is no shape "${name}".`, {
    hint: `The shapes are ${Object.keys(SHAPES).join(", ")}.`,
  });
}
