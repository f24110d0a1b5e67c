/** Why a goal is missed, where it is: printed only then. */
export const REMARKS: readonly { readonly of: RegExp; readonly why: string }[] = [
  {
    of: /added error p50/,
    why: "Added error, p50: the clock starts with the connection and stops at the socket (decisions 0016, 0020); what is left passes inside Node. With TLS it is the handshake, in JavaScript's one thread, where Go has one for each core.",
  },
  {
    of: /added error p99, \d/,
    why: "Added error, p99: each target has 5 ms of its interval to itself (decision 0023), so probes hardly wait for each other any more; what is left are the collector's pauses and the machine's own. At 10 probes/s a round's p99 is its third worst of 300, its ratio goes up and down from round to round, and curl's, which has no collector, stands beside it (see Accuracy). Free places around each probe and collections between them changed nothing (decision 0023).",
  },
  {
    of: /while 10,000 series are scraped/,
    why: "Beside a scrape: rendering 10,000 series takes some 10 ms of the thread, in stretches of a tenth of a millisecond, and waits while a probe runs, up to 50 ms in all (decision 0015); what begins amid a stretch waits for its end, and packing the page takes the second core, which the upstream needs.",
  },
  {
    of: /(first-token|token arrival) error/,
    why: "Tokens: the upstream runs on the same two cores; 300 streams are some 3,000 events a second in each of the two processes. What came in one turn of the loop counts as come when that began (decision 0029); what came while a turn went on waits for the next. Plain and over TLS differ in what a connection takes: the handshake and the objects around it take the thread for one to three milliseconds, and leave more to collect: minor collections of 2 to 3 ms, three a second at 50 streams, and at 300 a major one about every four seconds, with 10 to 20 ms of pause and some 100 of marking on the core that the upstream needs (decision 0028). Goals in milliseconds are a machine's, and its hour's: in three runs within two hours the p99 of all tokens of 50 streams was 2.0 to 3.2 ms over TLS. Side by side, decision 0029 made 9.2 to 11.5 ms at 300 streams 5.2 to 5.4; and what the benchmark had noted, handed over as objects instead of numbers, made 6.1 ms 14.6, for V8 to collect.",
  },
  {
    of: /CPU per (plain|TLS) probe/,
    why: "CPU a probe: of a plain one what is left is mostly the system's calls, the collector, Node's own request and metrics; of one with TLS the handshake (decision 0020), which was 0.81 to 0.93 of blackbox_exporter's in five askings before. Both ratios follow the machine's pace: where blackbox_exporter's plain probe took 1.5 ms ours took 0.67 of it, before it was made a twelfth cheaper; where that one takes 2.5 ms, 0.73. blackbox_exporter keeps nothing of a probe.",
  },
  {
    of: /CPU per streamed/,
    why: "CPU a streamed probe: its goal is in milliseconds, which are a machine's. See what Node's own client alone costs in the same run, which checks no certificate, throws the answer away and does nothing else: that is about the whole goal. What is left for all of ours (the schedule, 22 messages with their JSON and times, metrics, log, history) is the difference: about a millisecond. A TLS probe without a stream costs no more than Node's client alone, with all of ours in it. See also what blackbox_exporter's plain probe cost: where that was 1.1 ms, a streamed probe of ours cost 2.9.",
  },
  {
    of: /RSS at/,
    why: "Memory: program text and read-only data of Node that TLS, HTTP, SQLite and the compilers touch are 54 MiB; V8's live heap is 23, 8 of it compiled code (decision 0021). A model's series take 32 KiB.",
  },
  {
    of: /end of an hour/,
    why: "The hour: V8's live heap stays at 21 to 23 MiB, and dead objects of up to 5 more gather before V8 collects them; compiled code grows by two, and what V8's compilers took at the start may stay (decision 0021).",
  },
  {
    of: /start to first/,
    why: "Start: its goal is in milliseconds, which are a machine's: this one's pace changes by a half within minutes, and the same program took 191 in a better one. Compare Node alone and the imports below. What is left is Node itself, what zod, yaml, pino, commander and prom-client do as they are loaded, and the reading of the config (decisions 0021, 0025, 0026).",
  },
  {
    of: /lateness/,
    why: "Lateness: timers fire when the thread is free and the machine gives it a turn. A machine on which a probe takes the thread for 2 ms is busy with the 167 a second of 10,000 targets, and V8's major collections stand still for 20 to 40 ms there (decision 0023). The p99 of 10,000 targets was 2.3 ms at noon of one day and 6.2, 17.4 and 9.4 in its evening; between those, in turns with the revision of noon, it was 3.1, 3.1 and 3.7 where that one had 2.9, 3.1 and 4.6: an hour's, not a change's.",
  },
];
