import { type Command, type Invocation, text } from "../command.ts";
import { EXIT, type ExitCode } from "../io.ts";

/** What is wrong with the value of an option, with what would be right; undefined when nothing is. */
function wrong(invocation: Invocation): string | undefined {
  for (const option of ["runbooks", "grafana"]) {
    const url = text(invocation, option);
    if (url === undefined) continue;
    const { protocol } = URL.parse(url) ?? {};
    if (protocol !== "http:" && protocol !== "https:")
      return `--${option} ${url}: no URL. Write it whole, such as https://docs.example.net.`;
    if (/[{}]/.test(url)) return `--${option} ${url}: no braces. Prometheus would take them for a template; write %7B and %7D.`;
  }
  const scale = Number(text(invocation, "timeScale"));
  if (!(scale > 0 && scale <= 1)) {
    return `--time-scale ${text(invocation, "timeScale")}: not above 0 and up to 1. 0.05 makes a second of twenty.`;
  }
  const job = text(invocation, "job") ?? "";
  return /^[^"'\\{}\s]+$/.test(job) ? undefined : `--job ${job}: no job's name. Write job_name as it stands in your scrape configuration.`;
}

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const issue = wrong(invocation);
  if (issue !== undefined) {
    io.err(`${issue}\n`);
    return EXIT.usage;
  }
  const { allRules, toYaml } = await import("../../mixin/rules.ts");
  const [runbooks, grafana, job] = ["runbooks", "grafana", "job"].map((name) => text(invocation, name));
  io.out(
    toYaml(
      allRules({
        timeScale: Number(text(invocation, "timeScale")),
        job: job ?? "",
        ...(runbooks === undefined ? {} : { runbooks }),
        ...(grafana === undefined ? {} : { grafana }),
      }),
    ),
  );
  return EXIT.ok;
}

export const rules: Command = {
  name: "rules",
  summary: "Print the alert and recording rules for Prometheus, with your own job, runbooks and Grafana.",
  options: [
    { flags: "--job <name>", says: "the scrape job's name", fallback: "llm-healthd" },
    {
      flags: "--runbooks <url>",
      says: "where your runbooks are, NAME standing for the alert's name (else appended); default: the daemon's own",
    },
    { flags: "--grafana <url>", says: "your Grafana's address, for the links to dashboards" },
    { flags: "--time-scale <factor>", says: "shorten every wait by this factor, for a trial", fallback: "1" },
  ],
  examples: [
    "llm-healthd rules > /etc/prometheus/llm-healthd.yaml",
    "llm-healthd rules --job monitoring/llm-healthd --grafana https://grafana.example.net --runbooks https://wiki.example.net/NAME.html",
  ],
  exits: "0, 2 wrong usage",
  run,
};
