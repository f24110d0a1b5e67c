/** Every alert there is. A new one is an entry in a file of alerts/, a runbook in docs/runbooks/, and cases in test/rules/. */
import type { Alert } from "./alert.ts";
import { accountAlerts } from "./alerts/accounts.ts";
import { daemonAlerts } from "./alerts/daemon.ts";
import { faultAlerts } from "./alerts/faults.ts";
import { modelAlerts } from "./alerts/models.ts";
import { objectiveAlerts } from "./alerts/objectives.ts";
import { targetAlerts } from "./alerts/targets.ts";

/** One group of rules each: the rules of a group are evaluated one after the other. */
export const alertGroups = [
  { name: "faults", alerts: faultAlerts },
  { name: "daemon", alerts: daemonAlerts },
  { name: "accounts", alerts: accountAlerts },
  { name: "models", alerts: modelAlerts },
  { name: "targets", alerts: targetAlerts },
  { name: "objectives", alerts: objectiveAlerts },
] as const;

export type AlertName = (typeof alertGroups)[number]["alerts"][number]["name"];
export const alerts: readonly Alert<AlertName>[] = alertGroups.flatMap((group): readonly Alert<AlertName>[] => group.alerts);
export const alertNames: readonly AlertName[] = alerts.map(({ name }) => name);
