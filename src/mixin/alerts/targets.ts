/** Tickets on what serves us, before it fails: a slow storage, a certificate near its end. */
import { alert, DAY, MINUTE, STICKY_SECONDS } from "../alert.ts";
import { bucket, labels, series } from "../promql.ts";
import { aboutTarget, stillProbed } from "./about.ts";

const CERTIFICATE_DAYS = 7;
const SLOW_STORAGE_SECONDS = 2;
const TARGET = labels("healthd_bucket_operation_duration_seconds", "job", "instance", "kind", "target");

export const targetAlerts = [
  alert({
    name: "StorageSlow",
    severity: "warning",
    scope: "storage",
    owner: "storage",
    summary: `One of ten operations on a storage bucket takes longer than ${SLOW_STORAGE_SECONDS} seconds.`,
    description:
      "{{ $labels.subject }}: nine of ten operations end within {{ $value | humanizeDuration }}. See which operation is slow on the dashboard, and ask whoever runs the storage.",
    expr: aboutTarget(
      stillProbed(
        `histogram_quantile(0.9, sum by (${TARGET}, le) (rate(${bucket("healthd_bucket_operation_duration_seconds")}[30m]))) > ${SLOW_STORAGE_SECONDS}`,
      ),
    ),
    forSeconds: 15 * MINUTE,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-storage",
  }),
  alert({
    name: "CertificateExpiring",
    severity: "warning",
    scope: "app",
    owner: "app",
    summary: `A server's TLS certificate ends within ${CERTIFICATE_DAYS} days.`,
    description:
      "The certificate of {{ $labels.subject }} ({{ $labels.kind }}) ends in {{ $value | humanizeDuration }}. Renew it, or ask whoever runs the server.",
    // Models and catalogue stand behind the same host as their key.
    expr: aboutTarget(
      `${series("healthd_tls_certificate_expiry_timestamp_seconds", { kind: /credential|bucket|app/ })} - time() < ${CERTIFICATE_DAYS * DAY} > 0`,
    ),
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-overview",
  }),
] as const;
