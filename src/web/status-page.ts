/** The page a person opens: every target, how it is, and what to do. Needs no script and nothing from elsewhere. */
import { formatDuration } from "../base/duration.ts";
import type { Probed } from "../core/outcome.ts";
import { type Kind, kinds, reasons } from "../core/reason.ts";
import { firstToken } from "../core/report.ts";
import { wordsOf } from "../core/root-cause.ts";
import { type Html, html } from "./html.ts";
import type { FaultState, TargetState, WebOptions } from "./options.ts";
import { page } from "./page.ts";
import { runbookPath } from "./runbook-page.ts";

const REFRESH_SECONDS = 15;
const TITLES: Readonly<Record<Kind, string>> = {
  model: "Models",
  credential: "API keys",
  catalog: "Catalogues",
  bucket: "Buckets",
  app: "Applications",
};
const STANDINGS = ["down", "degraded", "up", "waiting"] as const;
type Standing = (typeof STANDINGS)[number];

const probed = ({ last }: TargetState): Probed | undefined => (last?.outcome.verdict === "skipped" ? undefined : last?.outcome);
const standing = (state: TargetState): Standing => probed(state)?.verdict ?? "waiting";

const NONE = "–";
const length = (seconds: number | undefined): string => {
  if (seconds === undefined) return NONE;
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(2)} s`;
};

/** Whole seconds under an hour, whole minutes above: `2h5m`. */
function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  return seconds === 0 ? "0s" : formatDuration(seconds < 3600 ? seconds : seconds - (seconds % 60));
}

function code(outcome: Probed | undefined): string {
  if (outcome === undefined) return NONE;
  const { statusCode, via } = outcome.evidence;
  if (via === "none") return "no answer";
  return via === "header" ? String(statusCode) : `${statusCode} (${via})`;
}

function why(outcome: Probed | undefined, redact: (text: string) => string): Html {
  if (outcome === undefined) return html`<span class="dim">not probed yet</span>`;
  if (outcome.reason === "ok") return html`<span class="dim">${reasons.ok.says}</span>`;
  const { says, remedy } = reasons[outcome.reason];
  const { message } = outcome.evidence;
  return html`${says} <small>${remedy}</small>${message === undefined ? "" : html`<small>“${redact(message)}”</small>`}`;
}

/** Rounded down: what is not whole must not look whole. */
const percent = (part: number | null): string => (part === null ? NONE : `${Math.floor(part * 1e4) / 100} %`);

function share({ uptime }: TargetState): Html | "" {
  if (uptime === undefined || uptime["30d"] === null) return "";
  const { "24h": day, "7d": week, "30d": month } = uptime;
  return html`<small title="not down in 24 h: ${percent(day)}, 7 days: ${percent(week)}, 30 days: ${percent(month)}">${percent(day)} in 24 h</small>`;
}

function row(state: TargetState, { clock, redact }: WebOptions): Html {
  const { target, last, nextRunAt } = state;
  const outcome = probed(state);
  const ago = last === undefined ? NONE : `${span(clock.wall() - last.startedAt)} ago`;
  const next = nextRunAt === undefined ? "" : html`<small>next in ${span(nextRunAt - clock.wall())}</small>`;
  const name = target.model ?? (target.credential === target.name ? undefined : target.credential);
  return html`<tr>
<td><a href="/api/v1/targets/${encodeURIComponent(target.name)}">${target.name}</a>${name === undefined ? "" : html`<small>${name}</small>`}</td>
<td><span class="badge ${standing(state)}">${standing(state)}</span>${share(state)}</td>
<td class="number">${code(outcome)}</td>
<td class="number">${length(outcome?.evidence.durationSeconds ?? (outcome === undefined ? undefined : last?.durationSeconds))}</td>
<td class="number">${length(firstToken(outcome?.evidence.completion))}</td>
<td class="number">${ago}${next}</td>
<td class="why">${why(outcome, redact)}</td>
</tr>
`;
}

function section(kind: Kind, states: readonly TargetState[], options: WebOptions): Html {
  return html`<section><h2>${TITLES[kind]}</h2><div class="scroll"><table>
<thead><tr><th scope="col">Target</th><th scope="col">State</th><th scope="col" class="number">Code</th><th scope="col" class="number">Latency</th>
<th scope="col" class="number">First token</th><th scope="col" class="number">Last probe</th><th scope="col">What is known, and what to do</th></tr></thead>
<tbody>
${states.map((state) => row(state, options))}</tbody></table></div></section>
`;
}

function faultRow(fault: FaultState, { alertOf, clock, redact }: WebOptions): Html {
  const { subject, owner, explains, since, down, message } = fault;
  const alert = alertOf(fault);
  const more = alert === undefined ? "" : html`<small><a href="${runbookPath(alert)}">Runbook: ${alert}</a></small>`;
  return html`<tr>
<td>${subject}</td><td><span class="badge ${down ? "down" : "degraded"}">${down ? "down" : "degraded"}</span></td><td>${owner}</td>
<td class="number">${span(clock.wall() - since)}</td><td class="names">${explains.join(", ")}</td>
<td class="why">${wordsOf(fault).says} <small>${wordsOf(fault).remedy}</small>${message === undefined ? "" : html`<small>“${redact(message)}”</small>`}${more}</td>
</tr>
`;
}

/** What is really broken, before everything that suffers from it. */
function broken(options: WebOptions): Html | "" {
  const open = options.faults();
  if (open.length === 0) return "";
  return html`<section><h2>What is broken</h2><div class="scroll"><table>
<thead><tr><th scope="col">What</th><th scope="col">State</th><th scope="col">Owner</th><th scope="col" class="number">For</th><th scope="col" class="names">Explains</th>
<th scope="col">What is known, and what to do</th></tr></thead>
<tbody>
${open.map((fault) => faultRow(fault, options))}</tbody></table></div></section>
`;
}

export function statusPage(options: WebOptions): string {
  const states = options.targets();
  const counts = STANDINGS.map((name) => ({ name, count: states.filter((state) => standing(state) === name).length }));
  const shown = counts.filter(({ count }) => count > 0);
  const sections = kinds
    .map((kind) => [kind, states.filter(({ target }) => target.kind === kind)] as const)
    .filter(([, ofKind]) => ofKind.length > 0)
    .map(([kind, ofKind]) => section(kind, ofKind, options));
  const title = states.length === 0 ? "no targets" : shown.map(({ name, count }) => `${count} ${name}`).join(", ");
  return page(
    title,
    html`<header><h1>llm-healthd</h1><p>${shown.map(({ name, count }) => html`<strong class="${name}">${count} ${name}</strong> `)}</p>
<nav><a href="/metrics">metrics</a><a href="/api/v1/targets">targets as JSON</a><a href="/api/v1/faults">faults as JSON</a><a href="/api/v1/events">events</a><a href="/api/v1/incidents">incidents</a><a href="/runbooks">runbooks</a><a href="/config">config</a></nav></header>
<main>${broken(options)}${sections.length === 0 ? html`<p>No targets: add models, buckets or apps to the config.</p>` : sections}</main>
<footer><p><small>Version ${options.version}; this page renews itself every ${REFRESH_SECONDS} seconds.</small></p></footer>`,
    html`<meta http-equiv="refresh" content="${REFRESH_SECONDS}">`,
  );
}
