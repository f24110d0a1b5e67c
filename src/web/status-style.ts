/** The only style of all pages. Their content security policy names its hash, so nothing else can be styled in. */
import { createHash } from "node:crypto";

export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --dim: #5b6570; --line: #dde2e7; --paper: #fff; --up: #12703a; --degraded: #8a5200; --down: #b3231b; --waiting: #5b6570; --link: #0b57b0 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --dim: #9aa5b1; --line: #333b44; --paper: #15191d; --up: #5fd08a; --degraded: #f0b455; --down: #ff8a80; --waiting: #9aa5b1; --link: #8ab8ff } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline }
h1 { font-size: 1.4rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.75rem 0 .4rem }
a { color: var(--link) } nav a { margin-right: 1rem } small, .dim { color: var(--dim) }
.scroll { overflow-x: auto } table { width: 100%; min-width: 58rem; table-layout: fixed; border-collapse: collapse }
th, td { padding: .45rem .75rem .45rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
th { font-weight: 600; color: var(--dim); font-size: .85rem } td small { display: block; overflow-wrap: anywhere }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums } .why, .names { overflow-wrap: anywhere }
th:nth-child(1) { width: 19% } th:nth-child(2) { width: 7.5rem } th:nth-child(n+3) { width: 6rem } th:nth-child(6) { width: 7rem } th.names { width: 12rem } th:last-child { width: auto }
.badge { display: inline-block; min-width: 5.5rem; padding: 0 .5rem; border: 1px solid; border-radius: 1rem; text-align: center; font-size: .85rem; font-weight: 600 }
.up { color: var(--up) } .degraded { color: var(--degraded) } .down { color: var(--down) } .waiting { color: var(--waiting) }
article { max-width: 46rem } li { margin: .3rem 0 } dt { margin-top: .6rem } dd { margin-left: 1.5rem }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere } pre { overflow-x: auto; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .4rem } pre code { overflow-wrap: normal }
`;

const policyOf = (...allowed: readonly string[]): string =>
  ["default-src 'none'", ...allowed, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"].join("; ");

/** Of whatever is no page. */
export const NOTHING_ALLOWED = policyOf();

let styled: string | undefined;

export function pagePolicy(): string {
  styled ??= policyOf(`style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`, "img-src data:");
  return styled;
}
