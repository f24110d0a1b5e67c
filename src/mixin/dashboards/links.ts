/** Ways from one page to the next. */
import { DashboardLinkBuilder, DashboardLinkType } from "@grafana/grafana-foundation-sdk/dashboard";
import type { AlertName } from "../alerts.ts";
import type { Uid } from "../uids.ts";

export const TAG = "llm-healthd";

/** The variable that holds where a browser reaches the daemon. */
export const ADDRESS = "$healthd";

export const external = (title: string, url: string): DashboardLinkBuilder =>
  new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(true);

/** All dashboards with our tag, on the same time range and with the same choices. */
export const allBoards = (): DashboardLinkBuilder =>
  new DashboardLinkBuilder("llm-healthd").type(DashboardLinkType.Dashboards).tags([TAG]).keepTime(true).includeVars(true);

/** A panel's link to what to do about it. */
export const runbooks = (...alerts: readonly AlertName[]): DashboardLinkBuilder[] =>
  alerts.map((alert) => external(`Runbook: ${alert}`, `${ADDRESS}/runbooks/${alert}`));

interface CellLink {
  readonly title: string;
  readonly url: string;
}

/** From a cell to the dashboard of what it names: `field` is the column, as it is called after renaming. */
export const toBoard = (title: string, uid: Uid, variable: string, field: string): CellLink => ({
  title,
  url: `/d/${uid}?var-${variable}=\${__data.fields["${field}"]}&\${__url_time_range}`,
});
/** Where each fault has its evidence, the first thing to do, and its runbook. */
export const toStatusPage: CellLink = { title: "Evidence and runbook, on the status page", url: `${ADDRESS}/` };
export const toRunbook = (field: string): CellLink => ({
  title: "Runbook",
  url: `${ADDRESS}/runbooks/\${__data.fields["${field}"]}`,
});
