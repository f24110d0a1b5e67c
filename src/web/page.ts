/** What all pages have in common: one style, no script, nothing from elsewhere. */
import { type Html, html } from "./html.ts";
import type { Answer } from "./route.ts";
import { pagePolicy, STYLE } from "./status-style.ts";

export function page(title: string, body: Html, head: Html | "" = ""): string {
  // The style goes in unescaped, letter by letter, for the policy holds its hash.
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title} – llm-healthd</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${head}
<link rel="icon" href="data:,"><style>${{ html: STYLE }}</style></head>
<body>${body}</body></html>
`.html;
}

export const pageAnswer = (body: string): Answer => ({
  type: "text/html; charset=utf-8",
  body,
  headers: { "content-security-policy": pagePolicy() },
});
