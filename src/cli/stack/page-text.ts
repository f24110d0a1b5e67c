/** A notification as a person reads it. */
import { formatDuration } from "../../base/duration.ts";
import { type Io, paint } from "../io.ts";
import type { Page, PagedAlert } from "./pager.ts";

const lasted = ({ startsAt, endsAt }: PagedAlert): string =>
  formatDuration(Math.max(1, Math.round((Date.parse(endsAt) - Date.parse(startsAt)) / 1000)));

function firing({ annotations }: PagedAlert, io: Io): string {
  const { summary = "", description = "", runbook_url: runbook = "" } = annotations;
  return `  ${summary}\n  ${description}\n  ${paint(io, "dim", runbook)}\n`;
}

/** `PAGE ApiKeyRejected` with what broke, whose it is and what to do; or that it is over, and how long it took. */
export function pageText({ receiver, status, groupLabels, alerts }: Page, io: Io): string {
  const name = groupLabels.alertname ?? alerts[0]?.labels.alertname ?? "";
  const kind = receiver.toUpperCase();
  if (status === "resolved") {
    const [first] = alerts;
    return `${paint(io, "green", "■")} ${paint(io, "bold", `${kind} over: ${name}`)}${first === undefined ? "" : ` after ${lasted(first)}`}\n`;
  }
  const style = receiver === "page" ? "red" : "yellow";
  const live = alerts.filter((alert) => alert.status === "firing");
  return `${paint(io, style, "■")} ${paint(io, "bold", `${kind}: ${name}`)}\n${live.map((alert) => firing(alert, io)).join("")}`;
}
