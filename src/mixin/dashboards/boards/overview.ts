/** What is broken, whose it is, since when: the page to open at 3 am. */

import { errorShare, slowShare } from "../../recorded.ts";
import type { Board, Section } from "../board.ts";
import { runbooks, toBoard, toRunbook } from "../links.ts";
import { ownerColours, verdictWords, wellOr } from "../palette.ts";
import { alertList, bars, graph, stat, states } from "../panels.ts";
import { CHOSEN, daysUntil, firing, firingSince, foreign, grew, latest, orNone, successShare, verdictOf } from "../query.ts";
import { table } from "../table.ts";
import { creditsStat, deadlines, GOOD_SHARE, keyStat, limitStat, outcomeLabels, outcomeTable, successBars } from "./shared.ts";

const FAULT = "instance, owner, reason, subject, kind, credential";

/** Whatever it names: the reader knows which of the three it is. */
const toBoards = (field: string) => [
  toBoard("Model", "healthd-model", "target", field),
  toBoard("Storage", "healthd-storage", "bucket", field),
  toBoard("Credentials and money", "healthd-money", "credential", field),
];

const broken: Section = {
  title: "What is broken, whose it is, since when",
  panels: [
    stat({
      title: "Root causes",
      description:
        "How many things are really broken now, each counted once however much it takes down with it. Nothing shown: no daemon answers.",
      unit: "none",
      size: [6, 3],
      queries: [{ expr: orNone(`count(${latest("healthd_fault_active")})`) }],
      colours: ["green", [1, "red"]],
      nothing: "no daemon answers",
    }),
    stat({
      title: "Targets down",
      description: "How many targets the latest probe found not working, symptoms of another's fault included.",
      unit: "none",
      size: [6, 3],
      queries: [{ expr: `sum(${latest("healthd_probe_success")} == bool 0)` }],
      colours: ["green", [1, "red"]],
      nothing: "no daemon answers",
    }),
    stat({
      title: "Pages",
      description: "How many alerts of severity critical fire now in Prometheus. One cause makes one page: Alertmanager groups them.",
      unit: "none",
      size: [6, 3],
      queries: [{ expr: orNone(`count(${firing({ severity: "critical" })})`) }],
      colours: ["green", [1, "red"]],
      nothing: "no daemon answers",
    }),
    stat({
      title: "llm-healthd",
      description: "Whether Prometheus could scrape the daemon, of several the worst. While it cannot, this page shows nothing new.",
      unit: "none",
      size: [6, 3],
      queries: [{ expr: `min(${foreign("up")})` }],
      mappings: wellOr("watching", "not answering"),
      links: runbooks("HealthdDown", "HealthdAbsent"),
      nothing: "not scraped",
    }),
    table({
      title: "What is broken",
      description:
        "Root causes, found from the latest probes and from what needs what. The owner says who has to act: purple is ours to mend, blue somebody else's. Sightings: probes in a row that saw it; one may be a hiccup.",
      size: [24, 7],
      nothing: "Nothing is broken",
      links: runbooks("NetworkUnreachable", "GatewayOutage", "StorageUnavailable", "AppUnavailable"),
      labels: {
        subject: { name: "What", links: toBoards("What") },
        owner: outcomeLabels.owner,
        reason: outcomeLabels.reason,
        kind: outcomeLabels.kind,
        credential: { name: "Credential", width: 120 },
        instance: outcomeLabels.instance,
      },
      columns: [
        {
          name: "Since",
          expr: `max by (${FAULT}) (${latest("healthd_fault_start_timestamp_seconds")}) * 1000`,
          unit: "dateTimeFromNow",
          width: 130,
        },
        { name: "Explains", expr: `max by (${FAULT}) (${latest("healthd_fault_active")})`, width: 80 },
        { name: "Sightings", expr: `max by (${FAULT}) (${latest("healthd_fault_sightings")})`, width: 90 },
      ],
    }),
    outcomeTable(
      {
        title: "Targets that are not up",
        description:
          "Every target whose latest probe was down or degraded: what was seen, for how many probes in a row, and when it last worked.",
        size: [24, 7],
        nothing: "All targets are up",
      },
      { name: "Target", links: toBoards("Target") },
      { verdict: { not: "up" } },
    ),
    table({
      title: "Alerts firing",
      description:
        "What Prometheus fires now, by its own word, and since when; the alert's name leads to its runbook. What Alertmanager has silenced or grouped is here too.",
      size: [16, 7],
      nothing: "No alert fires",
      labels: {
        alertname: { name: "Alert", links: [toRunbook("Alert")] },
        severity: { name: "Severity", width: 90 },
        owner: { name: "Owner", mappings: ownerColours, coloured: true, width: 90 },
        subject: { name: "About" },
        kind: { name: "Kind", width: 90 },
        credential: { name: "Credential" },
      },
      columns: [
        {
          name: "Since",
          expr: `1000 * min by (alertname, severity, owner, subject, kind, credential) (${firingSince})`,
          unit: "dateTimeFromNow",
          width: 130,
        },
      ],
    }),
    alertList(
      {
        title: "Alerts, as Grafana sees them",
        description:
          "Firing and pending alerts of the job, with their summaries: Grafana reads the rules from every data source that has some.",
        size: [8, 7],
      },
      {
        viewMode: "list",
        groupMode: "default",
        groupBy: [],
        maxItems: 20,
        sortOrder: 3,
        dashboardAlerts: false,
        alertName: "",
        // Of every data source that has rules: the panel knows one only by its name, and takes no variable for that.
        alertInstanceLabelFilter: '{job=~"$job"}',
        stateFilter: { firing: true, pending: true, noData: false, normal: false, error: true },
      },
    ),
  ],
};

const course: Section = {
  title: "How it came",
  panels: [
    states({
      title: "Targets over time",
      description: "Verdict of each target over time, as its latest probe saw it; of several daemons, the worst.",
      unit: "none",
      size: [24, 10],
      queries: [{ expr: verdictOf("kind, target"), legend: "{{kind}} {{target}}" }],
      mappings: verdictWords,
    }),
    states({
      title: "Root causes over time",
      description:
        "What was really broken when: one row for each cause, as long as it lasted. The number is how many targets it explained.",
      unit: "none",
      size: [12, 8],
      queries: [
        { expr: `max by (owner, reason, subject) (${latest("healthd_fault_active")})`, legend: "{{subject}}: {{reason}} ({{owner}})" },
      ],
      colours: ["red"],
      nothing: "Nothing was broken",
    }),
    graph({
      title: "Targets down, by owner",
      description: "How many targets were down, by who has to act: a broad step of one colour is one cause.",
      unit: "none",
      size: [12, 8],
      queries: [{ expr: `count by (owner) (${latest("healthd_probe_last_outcome_info", { verdict: "down" })})`, legend: "{{owner}}" }],
      stacked: true,
      nothing: "No target was down",
    }),
  ],
};

const service: Section = {
  title: "How well it works",
  panels: [
    stat({
      title: "Success share",
      description: "Share of all probes in the page's range that found their target working. Probes that were skipped count for nothing.",
      unit: "percentunit",
      size: [4, 8],
      queries: [{ expr: successShare("job", "$__range"), legend: "{{job}}" }],
      colours: GOOD_SHARE,
      decimals: 2,
      links: runbooks("ErrorBudgetBurn"),
    }),
    successBars(
      "Success share, by target",
      "The same for each target. Few probes make coarse steps: at one in five minutes, one failure of the last hour is 8 %.",
      [8, 8],
    ),
    graph({
      title: "Duration of the latest probe",
      description:
        "How long each target's latest probe took to the last byte, failures included: a line at the timeout is a target that hangs.",
      unit: "s",
      size: [12, 8],
      queries: [{ expr: `max by (kind, target) (${latest("healthd_probe_last_duration_seconds")})`, legend: "{{kind}} {{target}}" }],
    }),
    graph({
      title: "Against the objectives",
      description:
        "Share of probes in the hour before that failed for others' reasons (objective: 5 % for models, 1 % for the rest), and of models' answers that were slow. Made by the recording rules.",
      unit: "percentunit",
      size: [8, 7],
      queries: [
        { expr: `max by (kind) (${errorShare("1h", CHOSEN)})`, legend: "{{kind}} failed" },
        { expr: `max by (kind) (${slowShare("1h", CHOSEN)})`, legend: "{{kind}} slow" },
      ],
      links: runbooks("ErrorBudgetBurn", "LatencyBudgetBurn"),
      nothing: "Prometheus has not loaded recording-rules.yaml",
    }),
    graph({
      title: "Probes in the last hour",
      description:
        "How many probes ran in the hour before, by verdict. Skipped: due and refused, by a gate or because the one before went on.",
      unit: "none",
      size: [8, 7],
      queries: [{ expr: `sum by (verdict) (${grew("healthd_probes_total", "1h")})`, legend: "{{verdict}}" }],
      stacked: true,
    }),
    bars(
      deadlines({
        title: "What ends soon",
        description: "Days until certificates, keys and models end, where an end is set.",
        size: [8, 7],
        queries: [
          {
            expr: `min by (target) (${daysUntil(latest("healthd_tls_certificate_expiry_timestamp_seconds"))})`,
            legend: "certificate of {{target}}",
          },
          { expr: `min by (credential) (${daysUntil(latest("healthd_key_expiration_timestamp_seconds"))})`, legend: "key {{credential}}" },
          { expr: `min by (target) (${daysUntil(latest("healthd_model_expiration_timestamp_seconds"))})`, legend: "model {{target}}" },
        ],
        links: runbooks("CertificateExpiring", "ApiKeyExpiring", "ModelLeaving"),
        nothing: "No end is set",
      }),
    ),
  ],
};

const money: Section = {
  title: "Key, credits and our budget",
  panels: [
    keyStat(),
    creditsStat(),
    limitStat(),
    stat({
      title: "Free requests left today",
      description: "Requests to free models that the account still has until 00:00 UTC. Everybody who uses the account spends them.",
      unit: "none",
      size: [4, 4],
      queries: [{ expr: `min by (credential) (${latest("healthd_key_free_requests_remaining")})`, legend: "{{credential}}" }],
      colours: ["red", [10, "orange"], [50, "green"]],
      links: runbooks("FreeQuotaSpent"),
      nothing: "not told",
    }),
    stat({
      title: "Our budget: free requests",
      description: "Free requests that our own probes may still send today, of the share that the config allows them.",
      unit: "none",
      size: [4, 4],
      queries: [{ expr: `min by (credential) (${latest("healthd_budget_free_requests_remaining")})`, legend: "{{credential}}" }],
      colours: ["orange", [1, "green"]],
      links: runbooks("HealthdBudgetSpent"),
      nothing: "no free model",
    }),
    stat({
      title: "Our budget: money",
      description: "What our own probes may still cost today.",
      unit: "currencyUSD",
      size: [4, 4],
      queries: [{ expr: `min by (credential) (${latest("healthd_budget_usd_remaining")})`, legend: "{{credential}}" }],
      colours: ["blue"],
      decimals: 3,
      links: runbooks("HealthdBudgetSpent"),
      nothing: "no budget",
    }),
  ],
};

export const overview: Board = {
  uid: "healthd-overview",
  title: "llm-healthd / Overview",
  description: "What is broken, whose it is and since when; how it came, how well it works, and what it costs.",
  variables: [],
  sections: [broken, course, service, money],
};
