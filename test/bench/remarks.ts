/** Why a goal is missed, where it is: printed only then. */
export const REMARKS: readonly { readonly of: RegExp; readonly why: string }[] = [
  {
    of: /added error p50/,
    why: "Added error, p50: the clock starts with the connection and stops at the socket (decisions 0016, 0020); what is left passes inside Node. With TLS the handshake runs in JavaScript's one thread, and of it 0.15 ms are Node's reading out of the chain of certificates.",
  },
  {
    of: /added error p99, \d/,
    why: "Added error, p99: probes that are due in the same millisecond wait for each other on one thread, where Go spreads them over the cores. On a busy machine the whole process waits for its turn as well: compare curl's p99.",
  },
  {
    of: /while 10,000 series are scraped/,
    why: "Beside a scrape: rendering 10,000 series takes some 10 ms of the thread, in stretches of a millisecond, and what comes in between waits for its stretch; at one scrape a second that is the slowest hundredth of the probes.",
  },
  {
    of: /(first-token|token arrival) error/,
    why: "Tokens: the upstream runs on the same two cores; 300 streams are some 3,000 events a second in each of the two processes.",
  },
  {
    of: /CPU per (plain|TLS) probe/,
    why: "CPU a probe: of a plain one what is left is mostly the system's calls, the collector, Node's own request and metrics; of one with TLS the handshake, and 0.15 ms in which Node reads the chain of certificates out to check the name (decision 0020). blackbox_exporter keeps nothing of a probe.",
  },
  {
    of: /RSS at/,
    why: "Memory: about 100 MiB are there before the first target: Node itself 44, its loaded packages, and the isolate of the thread that writes history's checkpoints. A model's series take 32 KiB; the rest of what a target adds is its latest answers and the collector's slack.",
  },
  {
    of: /hour's probes/,
    why: "Growth: the hour's probes come at three hundred a second, so the heap has garbage of that rate in it; whether something stays behind takes a longer run at a probe a minute, which has not been made.",
  },
  {
    of: /start to first/,
    why: "Start: Node alone takes 28 ms; the rest is reading, compiling and running some 700 modules, a third of them zod, yaml, fastify and prom-client's OpenTelemetry. What was compiled is kept for the next start (decision 0020); got, the AWS SDK, the pretty log and Node's second HTTP client are loaded where they are needed.",
  },
  {
    of: /lateness/,
    why: "Lateness: timers fire when the thread is free and the machine gives it a turn. At 10,000 targets it includes the first half minute, in which all of them have their first run.",
  },
];
