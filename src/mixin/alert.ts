/** The contract of an alert: data from which the rules, their tests and the docs are made. */
import type { Owner } from "../core/reason.ts";
import type { Uid } from "./uids.ts";

/** `critical` wakes somebody, `warning` is a ticket, `none` is for machines. */
export const severities = ["critical", "warning", "none"] as const;
export type Severity = (typeof severities)[number];

/** How wide the thing is that the alert is about, the widest first: Alertmanager lets the wide ones silence what they explain. */
export const scopes = ["daemon", "network", "credential", "gateway", "provider", "model", "storage", "app", "slo"] as const;
export type Scope = (typeof scopes)[number];

export interface RuleOptions {
  /** Below 1 shortens every wait, for trials: 0.05 makes a second of twenty. */
  readonly timeScale: number;
  /** The name of the scrape job, in Prometheus. */
  readonly job: string;
  /** Where the runbooks are: NAME in it stands for the alert's name, else the name is appended. Default: the daemon's own pages. */
  readonly runbooks?: string;
  /** Grafana's address. Default: links without a host. */
  readonly grafana?: string;
}

export const defaultOptions: RuleOptions = { timeScale: 1, job: "llm-healthd" };

export interface Alert<Name extends string = string> {
  readonly name: Name;
  readonly severity: Severity;
  readonly scope: Scope;
  /** Who has to act; absent where the series itself says so in its label `owner`. */
  readonly owner?: Owner;
  /** When it fires, in a sentence that holds for each of its causes. */
  readonly summary: string;
  /** What broke and what to do, with Prometheus' templates; whose it is and where to read on are added. */
  readonly description: string;
  /** PromQL. Whatever it is about stands in the label `subject`. */
  readonly expr: string | ((options: RuleOptions) => string);
  /** Debounces scrapes, never probes: those are minutes apart. */
  readonly forSeconds?: number;
  readonly keepFiringSeconds?: number;
  readonly dashboard: Uid;
  /** Its series name no daemon (label `instance`) that lives to serve its runbook: any that does will do. */
  readonly servedBy?: "any";
}

/** Keeps the name as a literal type: runbooks, dashboards and the table of reasons are checked against it. */
export const alert = <const Name extends string>(entry: Alert<Name>): Alert<Name> => entry;

/** So that a restart of the daemon, or a flap, neither resolves nor pages anew. */
export const STICKY_SECONDS = 300;

export const MINUTE = 60;
export const HOUR = 3600;
export const DAY = 86_400;

/** As Prometheus writes durations. */
export function duration(seconds: number): string {
  const milliseconds = Math.max(1, Math.round(seconds * 1000));
  if (milliseconds % 1000 !== 0) return `${milliseconds}ms`;
  const whole = milliseconds / 1000;
  for (const [unit, size] of [
    ["d", DAY],
    ["h", HOUR],
    ["m", MINUTE],
  ] as const)
    if (whole % size === 0) return `${whole / size}${unit}`;
  return `${whole}s`;
}
