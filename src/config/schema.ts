/** The config's schema: building blocks for the kinds' entries, and the root. Its descriptions are the docs (docs.ts). */
import { z } from "zod";
import { logLevels } from "../base/log.ts";
import { baseUrl, hostName, listen, proxyUrl } from "./addresses.ts";
import { flavors } from "./config.ts";
import { duration, every, headers, secretText, text, variable } from "./pieces.ts";
import type { Section } from "./section.ts";

export { baseUrl, listen, parseListen, url } from "./addresses.ts";
export { bucketName, duration, every, headers, modelId, reading, secretText, text, variable } from "./pieces.ts";

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
/** YAML never says `undefined`: an optional key is absent. */
export type CamelKeys<T> = { [K in keyof T as K extends string ? Camel<K> : K]: Exclude<T[K], undefined> };

function camelKeys<T extends object>(value: T): CamelKeys<T> {
  const renamed = Object.entries(value).map(([key, content]) => [
    key.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    content,
  ]);
  return Object.fromEntries(renamed) as CamelKeys<T>;
}

/** A mapping that refuses unknown keys; snake_case in, camelCase out. Of a secret field `x`, the config may say `x_file` instead. */
export function object<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape).transform((value) => camelKeys(value));
}

/** What every entry of every kind has. `load.ts` fills in `defaults`; kinds need not read these. */
export const entryFields = {
  every: every.optional().meta({ description: "How often. Default: `defaults.every`." }),
  timeout: duration.optional().meta({ description: "How long one probe may take. Default: `defaults.timeout`.", examples: ["60s"] }),
  needs: z
    .array(text)
    .optional()
    .meta({
      description: "Targets it cannot work without: while one of them is down, this one's failure is explained by it.",
      title: "a list of target names",
      examples: [["openrouter"]],
    }),
} as const;

/** Names the user chooses: they become label values and parts of URLs. */
export const NAME = /^[a-zA-Z_][a-zA-Z0-9_.-]*$/;
const name = z.string().meta({ pattern: NAME.source });

const catalog = object({
  every: every.prefault("15m").meta({ description: "How often the list of models is read." }),
  timeout: duration.prefault("30s").meta({ description: "How long that may take: the list is near 1 MB." }),
});

export const credential = object({
  flavor: z.enum(flavors).prefault("openrouter").meta({
    description: "Which API answers: OpenRouter, or another that is compatible with OpenAI's (fewer facts about key and models).",
  }),
  api_key: secretText.meta({
    description: "The API key. An OpenRouter key starts with `sk-or-v1-`.",
    examples: [variable("OPENROUTER_API_KEY")],
  }),
  base_url: baseUrl.optional().meta({
    description: "Where the API's paths begin. Default: `https://openrouter.ai/api/v1`; for flavor openai `https://api.openai.com/v1`.",
  }),
  headers: headers.prefault({}).meta({ description: "Sent with every request to this API." }),
  every: every.prefault("1m").meta({ description: "How often the key is looked at; costs nothing." }),
  timeout: duration.prefault("15s").meta({ description: "How long that may take." }),
  catalog: catalog.prefault({}).meta({ description: "The reading of the API's list of models." }),
});

export const defaults = object({
  every: every.prefault("5m").meta({ description: "How often, for every entry that does not say." }),
  timeout: duration.prefault("60s").meta({ description: "How long one probe may take, for every entry that does not say." }),
});

const budget = object({
  free_quota_share: z.number().min(0).max(1).prefault(0.2).meta({
    description: "Which part of a credential's free requests per day the probes may spend, 0 to 1.",
  }),
  free_requests_per_minute: z.int().min(1).prefault(4).meta({
    description: "How many free requests the probes of one credential may send in a minute; OpenRouter allows an account 20.",
  }),
  usd_per_day: z.number().min(0).prefault(0.05).meta({ description: "What the probes of one credential may cost in a day, in USD." }),
});

const policy = object({
  require_free: z.boolean().prefault(false).meta({ description: "Every model must cost nothing; one that begins to cost is an alert." }),
});

const web = object({
  listen: listen.prefault("127.0.0.1:10556").meta({ description: "Where metrics, status page and API are served." }),
  config_file: text.optional().meta({
    description:
      "TLS, client certificates, basic auth and rate limit, in the format of Prometheus' exporter-toolkit (docs/web-config.md). Relative to this file.",
    title: "a file name",
  }),
  hosts: z
    .array(hostName)
    .prefault([])
    .meta({
      description:
        "Names under which the server may be asked for, such as a reverse proxy's. Without any: on loopback only localhost, elsewhere every name. Addresses always work.",
      title: "a list of host names",
      examples: [["health.example.net"]],
    }),
});

const log = object({
  level: z.enum(logLevels).prefault("info").meta({ description: "The least serious line that is written." }),
  file: text.optional().meta({
    description: "Also append JSON lines here. Relative to the working directory.",
    title: "a file name",
    examples: ["logs/healthd.log"],
  }),
});

const history = object({
  path: text.prefault("data/history.db").meta({
    description:
      "The database of what happened; one daemon writes it. Relative to the working directory. Beside it stand `-wal` and `-shm` while it is in use, and `.lock`.",
    title: "a file name",
  }),
  keep: duration.prefault("30d").meta({
    description:
      "How long failures and incidents are kept: at most 200,000 failures, in at most 512 MiB. What went well is kept for a day, and at most a million runs; uptime for 400 days.",
    examples: ["30d"],
  }),
});

const proxy = object({
  https: proxyUrl.optional().meta({ description: "For requests to https URLs, by CONNECT. Default: `$HTTPS_PROXY`." }),
  http: proxyUrl.optional().meta({ description: "For requests to http URLs. Default: `$HTTP_PROXY`." }),
  except: z
    .array(text)
    .optional()
    .meta({
      description:
        "Hosts that are reached straight: names with all below them, addresses, networks, `HOST:PORT`, or `*` for all. This machine itself always is. Default: `$NO_PROXY`.",
      title: "a list of hosts",
      examples: [["internal.example.net", "10.0.0.0/8"]],
    }),
});

const shard = object({
  index: z.int().min(0).prefault(0).meta({ description: "Which of the instances that share this config this one is, from 0." }),
  total: z.int().min(1).prefault(1).meta({ description: "How many instances share this config." }),
});

const settings = {
  defaults: defaults.prefault({}).meta({ description: "Timing of entries that do not say their own." }),
  budget: budget.prefault({}).meta({ description: "What probing may use up." }),
  policy: policy.prefault({}).meta({ description: "What must hold for all models." }),
  web: web.prefault({}).meta({ description: "The HTTP server." }),
  log: log.prefault({}).meta({ description: "The log." }),
  history: history.prefault({}).meta({ description: "What survives a restart." }),
  proxy: proxy
    .prefault({})
    .meta({ description: "The way out, where it leads through an HTTP proxy; a change takes effect at the next start." }),
  shard: shard.prefault({}).meta({ description: "Several instances that divide the targets among them." }),
};

export type Root = z.output<ReturnType<typeof object<typeof settings>>>;

function entryOf({ entry, shorthand }: Section): z.ZodType {
  return shorthand === undefined ? entry : entry.meta({ title: `text (its ${shorthand}) or a mapping` });
}

/** The whole file. Of its output only the settings have a static type: load.ts reads credentials and entries one by one, so that one bad entry does not hide another's issues. */
export function rootSchema(sections: readonly Section[]): z.ZodType<Root> {
  const credentials = z
    .record(name, credential)
    .prefault({})
    .meta({ description: "API keys. Each brings two targets: NAME and NAME_catalog." });
  const entries = sections.map((section) => [
    section.key,
    z.record(name, entryOf(section)).prefault({}).meta({ description: section.summary }),
  ]);
  return object({ credentials, ...Object.fromEntries(entries), ...settings }) as unknown as z.ZodType<Root>;
}
