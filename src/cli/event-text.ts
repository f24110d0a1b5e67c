/** A past failure for a person: one line, what it means, and all that was kept of the answer and the request. */
import { printable } from "../base/printable.ts";
import { reasonNames, reasons } from "../core/reason.ts";
import type { PastEvent } from "../history/events.ts";
import { type Io, paint, type Style } from "./io.ts";
import { seconds } from "./table.ts";

const COLOUR: Readonly<Record<string, Style>> = { down: "red", degraded: "yellow" };

/** Local time, as the reader's clock shows it. */
function clockTime(iso: string): string {
  const at = new Date(iso);
  const two = (part: number): string => String(part).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** JSON bodies are easier to read with line breaks. */
function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

const block = (text: string): string =>
  printable(text)
    .split(/\r?\n/)
    .map((line) => `    ${line}`)
    .join("\n");

function meaning(event: PastEvent): string[] {
  const name = reasonNames.find((one) => one === event.reason);
  // A later version may not have the reason any more.
  if (name === undefined) return event.message === null ? [] : [event.message];
  const { says, remedy } = reasons[name];
  return [event.message === null ? says : `${says}: ${event.message}`, `→ ${remedy}`];
}

export function eventText(event: PastEvent, io: Io): string {
  const { at, target, verdict, reason, owner, status_code, via, duration_seconds, request_id, error_body, request } = event;
  const code = via === "none" ? "no answer" : via === "header" ? `${status_code}` : `${status_code} (${via})`;
  const head = [
    paint(io, "dim", clockTime(at)),
    paint(io, "bold", target),
    paint(io, COLOUR[verdict] ?? "dim", verdict),
    code,
    reason,
    `owner ${owner}`,
    seconds(duration_seconds),
  ];
  const lines = [head.filter((part) => part !== "").join("  "), ...meaning(event).map((line) => `  ${printable(line)}`)];
  const part = (name: string, text: string): void => void lines.push(`  ${paint(io, "dim", name)}`, block(text));
  if (request_id !== null) lines.push(`  ${paint(io, "dim", "request id")} ${printable(request_id)}`);
  if (request !== null) part("request", JSON.stringify(request, null, 2));
  if (error_body !== null) part("error body", readable(error_body));
  return `${lines.join("\n")}\n\n`;
}
