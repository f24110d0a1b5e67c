/** One probe, now, for Prometheus' multi-target pattern and for people. Each costs what a probe costs: few at once, none for other sites. */
import type { ProbeRecord } from "../../core/probe.ts";
import { fromElsewhere } from "../from-elsewhere.ts";
import type { WebOptions } from "../options.ts";
import { probeExposition } from "../probe-exposition.ts";
import { type Answer, type Ask, plain, type RouteMaker } from "../route.ts";

const MOST_AT_ONCE = 8;
/** Left for the answer's way back, as blackbox_exporter's --timeout-offset. */
const OFFSET_SECONDS = 0.5;

function deadlineSeconds(ask: Ask): number | undefined {
  const seconds = Number(ask.header("x-prometheus-scrape-timeout-seconds"));
  return Number.isFinite(seconds) && seconds > 0 ? Math.max(seconds - OFFSET_SECONDS, seconds / 2) : undefined;
}

/** Without a scrape's deadline the target's own timeout holds. */
async function probeInTime(ask: Ask, name: string, { clock, probeNow }: WebOptions): Promise<ProbeRecord | undefined> {
  const seconds = deadlineSeconds(ask);
  if (seconds === undefined) return probeNow(name, ask.signal());
  const deadline = new AbortController();
  const cancel = clock.after(seconds * 1000, () => deadline.abort(new DOMException("The scrape's time is over.", "TimeoutError")));
  try {
    return await probeNow(name, AbortSignal.any([ask.signal(), deadline.signal]));
  } finally {
    cancel();
  }
}

function answerOf(record: ProbeRecord | undefined, contentType: string): Answer {
  if (record === undefined) return plain(404, "No such target.");
  const { outcome } = record;
  if (outcome.verdict === "skipped") return plain(503, `Not probed: ${outcome.cause}.`);
  return { type: contentType, body: probeExposition(record, outcome) };
}

export const probe: RouteMaker = (options) => {
  let running = 0;
  return {
    method: "GET",
    path: "/probe",
    async answer(ask) {
      if (fromElsewhere(ask)) return plain(403, "A probe cannot be asked for by another site.");
      const { target } = ask.query;
      if (typeof target !== "string" || target === "") return plain(400, "Say which target: /probe?target=NAME");
      if (!options.targets().some((state) => state.target.name === target)) return plain(404, "No such target.");
      if (running >= MOST_AT_ONCE) return { ...plain(429, `${MOST_AT_ONCE} probes are running.`), headers: { "retry-after": "5" } };
      running += 1;
      try {
        return answerOf(await probeInTime(ask, target, options), options.metrics.contentType);
      } finally {
        running -= 1;
      }
    },
  };
};
