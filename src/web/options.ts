/** What the daemon hands in: the web room knows it only through these functions. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { ConfigIssue } from "../config/config.ts";
import type { ProbeRecord, Target } from "../core/probe.ts";
import type { RootCause } from "../core/root-cause.ts";
import type { EventQuery, PastEvent } from "../history/events.ts";
import type { Incident } from "../history/incidents.ts";
import type { Uptime } from "../history/uptime.ts";
import type { WebConfig } from "./web-config/web-config.ts";

export interface TargetState {
  readonly target: Target;
  /** The latest run that was not skipped. */
  readonly last?: ProbeRecord;
  /** Milliseconds since 1970, as is `nextRunAt`. */
  readonly lastSuccessAt?: number;
  readonly consecutiveFailures: number;
  readonly nextRunAt?: number;
  readonly uptime?: Uptime;
}

export interface FaultState extends RootCause {
  /** Milliseconds since 1970. */
  readonly since: number;
}

export type Standing = { readonly ok: true } | { readonly ok: false; readonly why?: string };
export type Reloaded = { readonly ok: true } | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

export interface WebOptions {
  readonly metrics: { render(): AsyncIterable<string>; readonly contentType: string };
  targets(): readonly TargetState[];
  /** Whose runbook says more of a fault. */
  alertOf(fault: RootCause): string | undefined;
  /** The faults that are open. */
  faults(): readonly FaultState[];
  /** What failed, the newest last; throws when the history cannot be read. */
  events(query: EventQuery): readonly PastEvent[];
  /** Open ones and those that closed since then (milliseconds since 1970), the newest last; throws as `events` does. */
  incidents(since: number, limit: number): readonly Incident[];
  /** Probes once, now; undefined when the target has gone meanwhile. */
  probeNow(name: string, signal: AbortSignal): Promise<ProbeRecord | undefined>;
  /** The config in use as YAML, secrets hidden. */
  configText(): string;
  /** Not ok until every target has its first record. */
  ready(): Standing;
  /** Not ok when probing has stopped. */
  alive(): Standing;
  reload(): Promise<Reloaded>;
  /** TLS, users and headers as they are now. */
  readonly webConfig?: () => WebConfig;
  /** Names under which the server may be asked for, beside its addresses. */
  readonly hosts: readonly string[];
  readonly version: string;
  readonly clock: Clock;
  redact(text: string): string;
  readonly log: Log;
}
