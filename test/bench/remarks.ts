/** Why a goal is missed, where it is: printed only then. */
export const REMARKS: readonly { readonly of: RegExp; readonly why: string }[] = [
  {
    of: /added error p50/,
    why: "Added error, p50: the clock starts with the connection and stops at the socket (decisions 0016, 0020); what is left passes inside Node. With TLS it is the handshake, in JavaScript's one thread, where Go has one for each core.",
  },
  {
    of: /added error p99, \d/,
    why: "Added error, p99: probes that are due in the same millisecond wait for each other on one thread, where Go spreads them over the cores. On a busy machine the whole process waits for its turn as well: compare curl's p99.",
  },
  {
    of: /while 10,000 series are scraped/,
    why: "Beside a scrape: rendering 10,000 series takes some 10 ms of the thread, in stretches of a quarter of a millisecond, and what comes in between waits for its stretch; packing the page takes the second core, which the upstream needs. At one scrape a second that is the slowest hundredth of the probes.",
  },
  {
    of: /(first-token|token arrival) error/,
    why: "Tokens: the upstream runs on the same two cores; 300 streams are some 3,000 events a second in each of the two processes.",
  },
  {
    of: /CPU per (plain|TLS) probe/,
    why: "CPU a probe: of a plain one what is left is mostly the system's calls, the collector, Node's own request and metrics; of one with TLS the handshake (decision 0020). blackbox_exporter keeps nothing of a probe.",
  },
  {
    of: /RSS at/,
    why: "Memory: Node with what TLS, HTTP and SQLite touch of it is 58 MiB before a line of ours has run; our code, compiled, is some 12, what V8 keeps of it for the next start 5 (decision 0021). A model's series take 32 KiB.",
  },
  {
    of: /end of an hour/,
    why: "The hour: the heap in use stays at 22 to 23 MiB, of 28 that V8 holds; of what comes in the first ten minutes, 2.7 MiB are program text of Node's own that is touched for the first time, by the thread that the history's checkpoint runs on, and one is compiled code.",
  },
  {
    of: /start to first/,
    why: "Start: Node alone takes 30 ms; the rest is running what zod, fastify, yaml, pino and prom-client do as they are loaded (decision 0021).",
  },
  {
    of: /lateness/,
    why: "Lateness: timers fire when the thread is free and the machine gives it a turn. At 10,000 targets it includes the start, which makes all of them known in one go, and the first half minute, in which all of them have their first run.",
  },
];
