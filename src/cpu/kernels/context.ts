// What every kernel shares: its thread's scratch, the claiming of tasks, and the walk over a program's calls.
//
// All threads walk the same list. Inside a call they claim task numbers from one counter, so that a thread which the
// system slows down takes fewer; a task's result never depends on who computes it. A barrier ends each call.
// Waiting spins for some microseconds and then sleeps on the generation word; the last to arrive wakes the sleepers.

// Control block: one word per 64-byte line, so that threads do not fight over lines. src/cpu/pool.ts has the same numbers.
const COUNTER: usize = 0;
const ARRIVED: usize = 64;
const GENERATION: usize = 128;
const LIMIT: usize = 192;
const START: usize = 256;
const FAILED: usize = 320;
const LIST: usize = 384;
const FROM: usize = 388;
const SLEEPERS: usize = 448;

// A look costs about a nanosecond, waking a sleeper 50 to 100 µs: inside a program work follows at once; between two of
// them, as in decoding, JavaScript takes as long.
const SPINS: i32 = 50000;
const IDLE_SPINS: i32 = 200000;
export const STALLED: i32 = -1;
export const BROKEN: i32 = -2;

/** Milliseconds, from the host. */
@external("env", "now")
declare function now(): f64;

// Sleeping and waking by the host's Atomics: the baseline compiler of V8 in Node 20 gets memory.atomic.wait32 wrong.
/** Sleeps while the word holds `old`, a second at most. */
@external("env", "sleep")
declare function sleep(word: usize, old: i32): void;
@external("env", "wake")
declare function wakeAll(word: usize): void;

let control: usize = 0;
let thread: i32 = 0;
export let threads: i32 = 1;
export let scratch: usize = 0;
let deadline: f64 = 0;
/** Where an interrupted walk goes on: the generation it waits for, and the call behind that barrier. */
let waitingFor: i32 = 0;
let waiting: bool = false;
let position: i32 = 0;
let ending: bool = false;

export function setup(controlAt: usize, scratchAt: usize, own: i32, count: i32): void {
  control = controlAt;
  scratch = scratchAt;
  thread = own;
  threads = count;
}

/** The next task of the current call that nobody has taken. */
@inline
export function claim(): i32 {
  return atomic.add<i32>(control + COUNTER, 1);
}

/** Waits until the word differs from `old`; false when `patience` seconds passed or another thread failed. */
function awaitChange(word: usize, old: i32, patience: i32, spins: i32): bool {
  for (let i = 0; i < spins; i++) if (atomic.load<i32>(word) != old) return true;
  atomic.add<i32>(control + SLEEPERS, 1);
  while (atomic.load<i32>(word) == old && atomic.load<i32>(control + FAILED) == 0 && patience != 0) {
    sleep(word, old);
    patience--;
  }
  atomic.sub<i32>(control + SLEEPERS, 1);
  return atomic.load<i32>(word) != old;
}

@inline
function wake(word: usize): void {
  if (atomic.load<i32>(control + SLEEPERS) > 0) wakeAll(word);
}

/** True when all threads have arrived. The calling thread gives up after two seconds, so that its host can look around. */
function barrier(): bool {
  if (threads == 1) {
    store<i32>(control + COUNTER, 0);
    return true;
  }
  const generation = atomic.load<i32>(control + GENERATION);
  if (atomic.add<i32>(control + ARRIVED, 1) == threads - 1) {
    atomic.store<i32>(control + ARRIVED, 0);
    atomic.store<i32>(control + COUNTER, 0);
    atomic.store<i32>(control + GENERATION, generation + 1);
    wake(control + GENERATION);
    return true;
  }
  if (awaitChange(control + GENERATION, generation, thread == 0 ? 2 : -1, SPINS)) return true;
  waitingFor = generation;
  waiting = true;
  return false;
}

@inline
function unfinished(): i32 {
  return atomic.load<i32>(control + FAILED) != 0 ? BROKEN : STALLED;
}

function walk(): i32 {
  const list: usize = load<u32>(control + LIST);
  while (!ending && position < atomic.load<i32>(control + LIMIT)) {
    const entry: usize = load<u32>(list + ((<usize>position) << 2)), call = entry & ~<usize>1;
    position++;
    if (entry & 1) {
      // Too small to share: the first thread does it alone, and nobody waits before the next call that is shared.
      if (thread == 0) {
        call_indirect<void>(load<u32>(call), call + 4);
        store<i32>(control + COUNTER, 0);
      }
      if (load<u32>(list + ((<usize>position) << 2)) & 1) continue;
    } else call_indirect<void>(load<u32>(call), call + 4);
    // The others read the limit behind the barrier at the earliest, so all stop at the same call.
    if (thread == 0 && now() > deadline) atomic.store<i32>(control + LIMIT, position);
    if (!barrier()) return unfinished();
  }
  // Once more, so that nobody still reads this limit when the next run sets another.
  if (!ending) {
    ending = true;
    if (!barrier()) return unfinished();
  }
  ending = false;
  return position;
}

/** Runs calls [from, to) of a list with all threads, at least one, until the deadline. Returns where it stopped. */
export function run(list: usize, from: i32, to: i32, until: f64): i32 {
  deadline = until;
  position = from;
  waiting = false;
  store<u32>(control + LIST, <u32>list);
  store<i32>(control + FROM, from);
  atomic.store<i32>(control + LIMIT, to);
  if (threads > 1) {
    atomic.add<i32>(control + START, 1);
    wake(control + START);
  }
  return walk();
}

/** Goes on after STALLED. */
export function resume(): i32 {
  if (waiting) {
    if (!awaitChange(control + GENERATION, waitingFor, 2, SPINS)) {
      return unfinished();
    }
    waiting = false;
  }
  return walk();
}

/** The life of every other thread: wait for a start, walk, again. `seen` is the start word before the pool was made. */
export function serve(seen: i32): void {
  while (awaitChange(control + START, seen, -1, IDLE_SPINS)) {
    seen++;
    position = load<i32>(control + FROM);
    if (walk() < 0) return;
  }
}

// A call's words: operand addresses, then sizes and constants; src/cpu/descriptors.ts writes them in this order.
@inline
export function pointer(call: usize, word: i32): usize {
  return load<u32>(call + ((<usize>word) << 2));
}
@inline
export function integer(call: usize, word: i32): i32 {
  return load<i32>(call + ((<usize>word) << 2));
}
@inline
export function real(call: usize, word: i32): f32 {
  return load<f32>(call + ((<usize>word) << 2));
}

/** Byte offset of the i-th 4-byte element. */
@inline
export function at(i: i32): usize {
  return (<usize>(<u32>i)) << 2;
}

/** The i-th index of a list, at most `last`: a wrong index must not read or write someone else's memory. */
@inline
export function indexAt(list: usize, i: i32, last: i32): i32 {
  return <i32>min(load<u32>(list + at(i)), <u32>last);
}

@inline
export function ceilDiv(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}
