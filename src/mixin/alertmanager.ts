/** Alertmanager's configuration: who gets what, what belongs together, and what is silent because something wider explains it. */
import { DAY, duration, HOUR, MINUTE, type Scope } from "./alert.ts";
import { toYaml } from "./rules.ts";
import { GROUP_WAIT_SECONDS } from "./timing.ts";

/** A way to reach people: the fields of each receiver, without its name. */
export interface Way {
  readonly file: string;
  /** What to fill in, for whoever copies the file. */
  readonly says: readonly string[];
  readonly page: object;
  readonly ticket: object;
  readonly heartbeat: object;
}

const equals = (label: string, value: string): string => `${label}="${value}"`;
const among = (label: string, ...values: readonly string[]): string => `${label}=~"${values.join("|")}"`;
const scope = (...values: readonly Scope[]): string => (values.length === 1 ? equals("scope", values[0] ?? "") : among("scope", ...values));
const CRITICAL = equals("severity", "critical");
const WARNING = equals("severity", "warning");

/** `timeScale` below 1 shortens what comes after the first notification, for trials; `plan` promises with the first. */
const route = (timeScale: number): object => ({
  // What nothing below claims is still seen by somebody.
  receiver: "ticket",
  // Without model, subject and instance: all that one cause brings has one name and one credential.
  group_by: ["alertname", "job", "credential"],
  group_wait: duration(GROUP_WAIT_SECONDS),
  group_interval: duration(5 * MINUTE * timeScale),
  repeat_interval: duration(DAY * timeScale),
  routes: [
    {
      receiver: "heartbeat",
      matchers: [equals("alertname", "Watchdog")],
      group_wait: "0s",
      group_interval: duration(MINUTE * timeScale),
      repeat_interval: duration(MINUTE * timeScale),
    },
    { receiver: "page", matchers: [CRITICAL], repeat_interval: duration(4 * HOUR * timeScale) },
    { receiver: "ticket", matchers: [WARNING] },
    { receiver: "null", matchers: [among("severity", "info", "none")] },
  ],
});

/**
 * The second layer: that one cause is one alert is already the daemon's work. A rule must name labels that both sides have, for two that are
 * missing are equal. Pages silence tickets of the same thing; only the daemon and the network silence pages.
 */
const inhibitions = [
  // Nothing that a daemon said last holds when it is gone.
  {
    source_matchers: [CRITICAL, scope("daemon"), among("alertname", "HealthdDown", "HealthdStalled")],
    target_matchers: [scope("network", "credential", "gateway", "provider", "model", "storage", "app", "slo")],
    equal: ["job", "instance"],
  },
  {
    source_matchers: [CRITICAL, scope("network")],
    target_matchers: [scope("credential", "gateway", "provider", "model", "storage", "app", "slo")],
    equal: ["job", "instance"],
  },
  // A key, an account or an API that fails is why its models do.
  {
    source_matchers: [CRITICAL, scope("credential", "gateway", "provider")],
    target_matchers: [WARNING, scope("credential", "provider", "model")],
    equal: ["job", "instance", "credential"],
  },
  // Where a page names the cause, that it is so everywhere is no second page.
  {
    source_matchers: [CRITICAL, scope("credential", "gateway", "provider")],
    target_matchers: [equals("alertname", "ModelDownEverywhere")],
    equal: ["job", "credential"],
  },
  {
    source_matchers: [CRITICAL, scope("storage", "app")],
    target_matchers: [WARNING, scope("storage", "app")],
    equal: ["job", "instance", "subject"],
  },
  // The budget burns because of it.
  {
    source_matchers: [CRITICAL, scope("credential", "gateway", "provider", "storage", "app")],
    target_matchers: [WARNING, scope("slo")],
    equal: ["job", "instance"],
  },
];

type Receivers = Pick<Way, "page" | "ticket" | "heartbeat">;

/** Webhooks below one URL: …/page, …/ticket, …/heartbeat. `more` is added to each. */
export const webhooks = (url: string, more: object = {}): Receivers => ({
  page: { webhook_configs: [{ url: `${url}/page`, send_resolved: true, ...more }] },
  ticket: { webhook_configs: [{ url: `${url}/ticket`, send_resolved: true, ...more }] },
  heartbeat: { webhook_configs: [{ url: `${url}/heartbeat`, send_resolved: false, ...more }] },
});
const LOCAL = webhooks("http://127.0.0.1:9099");

const SECRETS = "/etc/alertmanager/secrets";

const TITLE = '{{ .CommonLabels.alertname }}{{ if eq .Status "resolved" }} is over{{ end }}';
const TEXT =
  "{{ range .Alerts }}{{ .Annotations.description }}\n{{ end }}{{ .CommonAnnotations.summary }}\n{{ with index .Alerts 0 }}{{ .Annotations.runbook_url }}{{ end }}";

const slack = (channel: string): object => ({
  slack_configs: [
    {
      api_url_file: `${SECRETS}/slack_url`,
      channel,
      send_resolved: true,
      title: TITLE,
      text: TEXT,
      title_link: "{{ with index .Alerts 0 }}{{ .Annotations.runbook_url }}{{ end }}",
    },
  ],
});
const telegram = (chat: number): object => ({
  telegram_configs: [
    { bot_token: "0000000000:PUT-YOUR-TOKEN-HERE", chat_id: chat, send_resolved: true, parse_mode: "", message: `${TITLE}\n${TEXT}` },
  ],
});
const pagerDuty = {
  pagerduty_configs: [
    {
      routing_key_file: `${SECRETS}/pagerduty_key`,
      send_resolved: true,
      severity: "critical",
      description: `${TITLE}: {{ .CommonAnnotations.summary }}`,
      details: { what: "{{ range .Alerts }}{{ .Annotations.description }} {{ end }}" },
      links: [
        { href: "{{ with index .Alerts 0 }}{{ .Annotations.runbook_url }}{{ end }}", text: "Runbook" },
        { href: "{{ with index .Alerts 0 }}{{ .Annotations.dashboard_url }}{{ end }}", text: "Dashboard" },
      ],
    },
  ],
};

export const ways: readonly Way[] = [
  {
    file: "config/alertmanager/alertmanager.yml",
    says: ["Webhooks on this machine; for people, see receivers/. Everything but the receivers is the same there."],
    ...LOCAL,
  },
  {
    file: "config/alertmanager/receivers/webhook.yml",
    says: ["Webhooks with a token. Put the token into the file that credentials_file names, and set the URLs."],
    ...webhooks("https://alerts.example.net", { http_config: { authorization: { credentials_file: `${SECRETS}/webhook_token` } } }),
  },
  {
    file: "config/alertmanager/receivers/pagerduty.yml",
    says: ["Pages by PagerDuty (Events API v2: put the integration key into the file); tickets and heartbeat by webhook."],
    ...LOCAL,
    page: pagerDuty,
  },
  {
    file: "config/alertmanager/receivers/slack.yml",
    says: [
      "Pages and tickets into two channels of Slack: put the incoming webhook's URL into the file. A heartbeat belongs outside of Slack.",
    ],
    ...LOCAL,
    page: slack("#pages"),
    ticket: slack("#tickets"),
  },
  {
    file: "config/alertmanager/receivers/telegram.yml",
    says: [
      "Pages and tickets by a bot of Telegram. Alertmanager 0.25 reads the token only from here: keep this file secret (chmod 600).",
      "From 0.26 on, bot_token_file names a file instead. chat_id is negative for a group.",
    ],
    ...LOCAL,
    page: telegram(-1_000_000_000_001),
    ticket: telegram(-1_000_000_000_002),
  },
];

export function alertmanagerYaml({ says, page, ticket, heartbeat }: Omit<Way, "file">, timeScale = 1): string {
  const head = [
    "Made by `npm run generate` from src/mixin/alertmanager.ts; do not edit, copy.",
    ...says,
    "Valid from Alertmanager 0.25 on.",
  ];
  const receivers = [{ name: "page", ...page }, { name: "ticket", ...ticket }, { name: "heartbeat", ...heartbeat }, { name: "null" }];
  return `${head.map((line) => `# ${line}\n`).join("")}${toYaml({ route: route(timeScale), inhibit_rules: inhibitions, receivers })}`;
}
