/** The page of one probe, in the names of Prometheus' blackbox_exporter, so that its dashboards and alerts work unchanged. */
import type { PhaseName, Probed } from "../core/outcome.ts";
import type { ProbeRecord } from "../core/probe.ts";

interface Family {
  readonly name: string;
  readonly help: string;
  /** Label text, such as `{phase="tls"}`, and value. */
  readonly samples: readonly (readonly [string, number])[];
}

/** What blackbox_exporter calls processing runs from the sent request to the first byte. */
const PHASES: Readonly<Record<string, readonly PhaseName[]>> = {
  resolve: ["dns"],
  connect: ["connect"],
  tls: ["tls"],
  processing: ["request", "first_byte"],
  transfer: ["transfer"],
};

function phaseSamples({ phases }: Probed["evidence"]): [string, number][] {
  return Object.entries(PHASES).flatMap(([name, parts]): [string, number][] => {
    const reached = parts.flatMap((part) => phases?.[part] ?? []);
    return reached.length === 0 ? [] : [[`{phase="${name}"}`, reached.reduce((sum, seconds) => sum + seconds, 0)]];
  });
}

export function probeExposition({ durationSeconds }: ProbeRecord, { verdict, evidence }: Probed): string {
  const { certificateExpiresAt } = evidence;
  const families: readonly Family[] = [
    { name: "probe_success", help: "Displays whether or not the probe was a success", samples: [["", verdict === "down" ? 0 : 1]] },
    {
      name: "probe_duration_seconds",
      help: "Returns how long the probe took to complete in seconds",
      samples: [["", evidence.durationSeconds ?? durationSeconds]],
    },
    { name: "probe_http_status_code", help: "Response HTTP status code", samples: [["", evidence.statusCode]] },
    {
      name: "probe_http_duration_seconds",
      help: "Duration of http request by phase, summed over all redirects",
      samples: phaseSamples(evidence),
    },
    {
      name: "probe_ssl_earliest_cert_expiry",
      help: "Returns last SSL chain expiry in unixtime",
      samples: certificateExpiresAt === undefined ? [] : [["", certificateExpiresAt / 1000]],
    },
  ];
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, samples }) =>
      [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples.map(([labels, value]) => `${name}${labels} ${value}`), ""].join("\n"),
    )
    .join("");
}
