import { logLevels } from "../../base/log.ts";
import { type Command, configOptions, type Invocation, text } from "../command.ts";
import { EXIT, type ExitCode, untilStopped } from "../io.ts";

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  // One that comes while it starts must not end it.
  let reload = (): void => undefined;
  const deaf = io.onHangUp(() => reload());
  const [{ configReader, printIssues }, { startDaemon }, { logFor }, { listenOverride }, { tellSystemd }, { systemClock }] =
    await Promise.all([
      import("../open-config.ts"),
      import("../../daemon/daemon.ts"),
      import("../log-for.ts"),
      import("../listen.ts"),
      import("../../daemon/systemd.ts"),
      import("../../base/clock.ts"),
    ]);
  const read = configReader(invocation);
  const loaded = read();
  printIssues(io, loaded);
  if (!loaded.ok) return EXIT.usage;
  const listen = listenOverride(text(invocation, "listen"), loaded.config, io);
  if (listen === undefined) return EXIT.usage;
  const opened = await logFor(invocation, loaded.config);
  if (opened === undefined) return EXIT.usage;
  const { log, redactor } = opened;
  const webConfigFile = text(invocation, "web.config.file");
  const web = webConfigFile === undefined ? {} : { webConfigFile };
  const started = await startDaemon({ config: loaded.config, listen, log, redactor, read, files: loaded.files, ...web });
  if (!started.ok) {
    io.err(`${started.why}\n`);
    return EXIT.usage;
  }
  // What goes wrong in it stands in the log.
  reload = () => void started.daemon.reload().catch(() => undefined);
  const farewell = tellSystemd({ env: io.env, clock: systemClock, log, alive: started.daemon.alive });
  await untilStopped(io);
  deaf();
  await farewell();
  await started.daemon.stop();
  return EXIT.ok;
}

export const runCommand: Command = {
  name: "run",
  summary: "Run the daemon: probe on schedule, serve /metrics, the status page and the API.",
  options: [
    ...configOptions,
    { flags: "--listen <host:port>", says: "where to serve; default: web.listen of the config, 127.0.0.1:10556" },
    {
      flags: "--web.config.file <file>",
      says: "TLS, users and rate limit, as Prometheus has them; default: web.config_file of the config",
    },
    {
      flags: "--log-level <level>",
      says: "the least serious line that is written; default: log.level of the config, info",
      choices: logLevels,
    },
    { flags: "--log-format <format>", says: "default: pretty on a terminal, json elsewhere", choices: ["json", "pretty"] },
  ],
  examples: [
    "llm-healthd run",
    "llm-healthd run --config config/healthd.yaml --env-file .env.dev",
    "llm-healthd run --listen 0.0.0.0:10556 --log-format json",
  ],
  exits: "0 stopped by a signal, 2 wrong config or usage, 70 a bug",
  run,
};
