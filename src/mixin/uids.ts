/** What Grafana knows the dashboards by, in every link. */
export const uids = ["healthd-overview", "healthd-model", "healthd-money", "healthd-storage", "healthd-daemon"] as const;
export type Uid = (typeof uids)[number];
