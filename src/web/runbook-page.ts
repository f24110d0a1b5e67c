/** Runbooks for the browser of whoever was woken up: the page that an alert links to, and the list of all. */
import { linkedAlert, type Runbook } from "../runbooks/library.ts";
import type { Block, Inline } from "../runbooks/markdown.ts";
import { type Html, html } from "./html.ts";
import { page } from "./page.ts";

export const runbookPath = (alert: string): string => `/runbooks/${alert}`;

function inlineHtml(inline: readonly Inline[]): readonly Html[] {
  return inline.map((one) => {
    if (one.is === "strong") return html`<strong>${inlineHtml(one.inner)}</strong>`;
    if (one.is === "code") return html`<code>${one.text}</code>`;
    if (one.is === "text") return html`${one.text}`;
    const alert = linkedAlert(one.href);
    if (alert !== undefined) return html`<a href="${runbookPath(alert)}">${one.text}</a>`;
    // Any other scheme could run something.
    return one.href.startsWith("https://") ? html`<a href="${one.href}">${one.text}</a>` : html`${one.text}`;
  });
}

function blockHtml(block: Block): Html {
  switch (block.is) {
    case "heading":
      return block.level === 1 ? html`<h1>${inlineHtml(block.inline)}</h1>\n` : html`<h2>${inlineHtml(block.inline)}</h2>\n`;
    case "paragraph":
      return html`<p>${inlineHtml(block.inline)}</p>\n`;
    case "list": {
      const items = block.items.map((item) => html`<li>${inlineHtml(item)}</li>\n`);
      return block.start === undefined ? html`<ul>\n${items}</ul>\n` : html`<ol start="${block.start}">\n${items}</ol>\n`;
    }
    case "code":
      return html`<pre><code>${block.text}</code></pre>\n`;
  }
}

const NAV = html`<nav><a href="/">status</a><a href="/runbooks">runbooks</a></nav>`;

export const runbookPage = ({ name, blocks }: Runbook): string =>
  page(name, html`<header>${NAV}</header>\n<main><article>\n${blocks.map(blockHtml)}</article></main>`);

export function runbookIndex(all: Iterable<Runbook>): string {
  const rows = [...all].map(({ name, summary }) => html`<dt><a href="${runbookPath(name)}">${name}</a></dt><dd>${summary}</dd>\n`);
  return page("Runbooks", html`<header><h1>Runbooks</h1>${NAV}</header>\n<main><article><dl>\n${rows}</dl></article></main>`);
}
