/** The only source of time: a monotonic clock for durations, a wall clock for timestamps, and timers. Tests hand in their own. */
export interface Clock {
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  monotonic(): number;
  /** Milliseconds since 1970 UTC; may jump with NTP. */
  wall(): number;
  /** Calls back once after `ms` milliseconds; returns what cancels it. Longer waits than setTimeout can hold are the clock's concern. */
  after(ms: number, callback: () => void): () => void;
}

// setTimeout fires at once above 2^31-1 ms (Node, "TimeoutOverflowWarning"); longer waits go in legs.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function after(ms: number, callback: () => void): () => void {
  if (ms > LONGEST_TIMER_MS) {
    let cancel = after(LONGEST_TIMER_MS, () => {
      cancel = after(ms - LONGEST_TIMER_MS, callback);
    });
    return () => cancel();
  }
  const timer = setTimeout(callback, Math.max(0, ms));
  return () => clearTimeout(timer);
}

export const systemClock: Clock = Object.freeze({
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after,
});

/** Set in a turn of the event loop in which something came. */
let cameAt: number | undefined;
const turnOver = (): void => {
  cameAt = undefined;
};

/**
 * When that came which a callback is handed now, on the monotonic clock: for whoever reads sockets. The loop asks the system once a turn what has
 * come, and hands it out one by one (libuv's poll phase): what waits behind others was there before the first of them was read.
 */
export function arrival(): number {
  if (cameAt === undefined) {
    cameAt = systemClock.monotonic();
    // Immediates run right after all that came was handed out.
    setImmediate(turnOver);
  }
  return cameAt;
}

// Later than any timer is on a machine that is merely busy.
const OVERDUE_MS = 50;
// What came meanwhile is read in one turn of the loop; a handshake that was under way takes a few more.
const SECOND_CHANCE_MS = 1000;

/**
 * As `after`, for giving up on an answer. Where it comes late the process stood still: the answer may be there, unread, for timers run before
 * sockets are read. So it waits once more, a second.
 */
export function deadline(clock: Clock, ms: number, callback: () => void): () => void {
  const due = clock.monotonic() + ms;
  let cancel = clock.after(ms, () => {
    if (clock.monotonic() - due < OVERDUE_MS) callback();
    else cancel = clock.after(SECOND_CHANCE_MS, callback);
  });
  return () => cancel();
}

/** Resolves after `ms`, or at once when the signal aborts (never rejects: the caller looks at the signal). */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
