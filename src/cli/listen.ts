import type { Config } from "../config/config.ts";
import { parseListen } from "../config/schema.ts";
import type { Io } from "./io.ts";

type Listen = Config["web"]["listen"];

/** `--listen` where it is given, else the config's; undefined after the complaint was printed. */
export function listenOverride(flag: string | undefined, config: Config, io: Io): Listen | undefined {
  if (flag === undefined) return config.web.listen;
  const listen = parseListen(flag);
  if (listen === undefined) io.err(`--listen ${flag}: expected HOST:PORT, such as 127.0.0.1:10556 or [::1]:10556\n`);
  return listen;
}
