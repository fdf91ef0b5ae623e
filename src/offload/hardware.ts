/**
 * What can be rented: the Hub's live list, or the dated copy beside this file when it cannot be had. Prices are data, never
 * code. The list gives the memory of all GPUs of a flavor together; the facts of a GPU (gpus.json) tell one's.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { ask as askHub, type Hub, readJson } from "@/hub/client";
import gpuTable from "./gpus.json";
import copy from "./hardware.json";

export interface Gpu {
  readonly match: string;
  /** Dense, 16 bits. */
  readonly teraflops: number;
  readonly bandwidthGB: number;
  readonly vramGB: number;
  readonly bf16: boolean;
}

export interface Flavor {
  readonly name: string;
  readonly model: string;
  readonly gpus: number;
  /** Of one GPU, in units of 10⁹ bytes: makers' "24 GB" are never fewer. */
  readonly vramGB: number;
  readonly ramGB: number;
  readonly dollarsPerHour: number;
}

export interface HardwareList {
  readonly flavors: readonly Flavor[];
  readonly date: string;
  readonly live: boolean;
  readonly source: string;
}

/** What can be rented, with or without a GPU. */
const Rentable = z.object({
  name: z.string().check(z.regex(/^[\w.-]{1,60}$/)),
  ram: z.optional(z.nullable(z.string())),
  accelerator: z.nullish(
    z.object({
      type: z.string(),
      model: z.string().check(z.maxLength(100)),
      quantity: z.union([z.string(), z.number()]),
      vram: z.union([z.string(), z.number()]),
    }),
  ),
  unitCostUSD: z.number().check(z.nonnegative()),
  unitLabel: z._default(z.string(), "minute"),
});

const PER_HOUR: Readonly<Record<string, number>> = { minute: 60, hour: 1, second: 3600 };
const ENDPOINT = "/api/jobs/hardware";

export const dated = (): HardwareList => ({ ...copy, live: false });

/** What is known of a GPU by its name; undefined for one that nobody has described yet. */
export const gpuOf = (model: string): Gpu | undefined =>
  gpuTable.gpus.find(({ match }) => model.toLowerCase().replaceAll("-", " ").includes(match.toLowerCase()));

type Rentable = z.infer<typeof Rentable> & { readonly dollarsPerHour: number };

/** Entries of another shape, or with a price by something else than time, are left out. */
function readRentable(answer: unknown): Rentable[] {
  return (Array.isArray(answer) ? answer : []).flatMap((entry): Rentable[] => {
    const parsed = z.safeParse(Rentable, entry);
    const times = parsed.success ? PER_HOUR[parsed.data.unitLabel] : undefined;
    if (!parsed.success || times === undefined) return [];
    return [{ ...parsed.data, dollarsPerHour: parsed.data.unitCostUSD * times }];
  });
}

/** The live answer. Entries that are no Nvidia GPU that we know are left out; throws "file/malformed" where none is left. */
export function readHardware(answer: unknown, date: string): HardwareList {
  const flavors = readRentable(answer).flatMap(({ name, ram, accelerator, dollarsPerHour }): Flavor[] => {
    if (!accelerator || dollarsPerHour === 0) return [];
    const gpus = Math.round(Number(accelerator.quantity));
    const gpu = gpuOf(accelerator.model);
    const listed = Number.parseFloat(String(accelerator.vram));
    if (accelerator.type !== "gpu" || !gpu || !(gpus >= 1) || !(listed > 0)) return [];
    // Of all together; where it is of one, the smaller of both readings would be too small by far.
    const each = listed / gpus >= gpu.vramGB * 0.4 ? listed / gpus : listed;
    const memory = { vramGB: each, ramGB: Number.parseFloat(ram ?? "") || 0 };
    return [{ name, model: accelerator.model, gpus, ...memory, dollarsPerHour }];
  });
  if (flavors.length > 0) return { flavors, date, live: true, source: ENDPOINT };
  throw new AppError("file/malformed", "The Hub's list of hardware names no GPU that is known here.", {
    hint: "Plan with the dated copy, or look at `hf jobs hardware`.",
  });
}

/** Dollars a minute by flavor, of everything that can be rented now. Public: needs no token. */
export async function flavorPrices(hub: Hub): Promise<ReadonlyMap<string, number>> {
  const answer = await askHub({ ...hub, token: undefined }, ENDPOINT, "the list of hardware");
  const list = readRentable(await readJson(answer, "The list of hardware", z.unknown()));
  return new Map(list.map(({ name, dollarsPerHour }) => [name, dollarsPerHour / 60]));
}

/** The live list, or the dated copy with the reason why. */
export async function hardwareList(
  endpoint: string,
  { fetch: ask = fetch, now = () => new Date() } = {},
): Promise<HardwareList & { readonly why?: string }> {
  try {
    const answer = await ask(new URL(ENDPOINT, endpoint), { signal: AbortSignal.timeout(8_000) });
    if (!answer.ok) return { ...dated(), why: `the Hub answered ${answer.status}` };
    return readHardware(await answer.json(), now().toISOString().slice(0, 10));
  } catch (error) {
    return { ...dated(), why: error instanceof Error ? error.message : String(error) };
  }
}
