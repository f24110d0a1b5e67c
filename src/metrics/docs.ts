/** Makes docs/metrics.md from the catalogue. */
import { groups } from "./catalogue.ts";
import { DURATION_BUCKETS_SECONDS, type Metric } from "./metric.ts";

const INTRO = `# Metrics

Generated from \`src/metrics/catalogue.ts\` by \`npm run generate\`; do not edit.

\`GET /metrics\` serves these in the Prometheus text format 0.0.4, and \`process_*\` and \`nodejs_*\` of the process beside them.

- A gauge tells what the latest probe saw. What it could not tell is absent, never 0.
- Counters and histograms of a target go on over a reload of the config; all series of a target that was removed leave at once.
- Label values come from the config or from closed lists. \`response_model\` and \`provider\` come from the API: cut at 100 characters, one live series a target.
- Buckets of histograms, in seconds: ${DURATION_BUCKETS_SECONDS.join(", ")}.
- At most 170 series a model and 160 a bucket. Of a credential, at most 45 carry its name without a model's.
`;

const cell = (text: string): string => text.replaceAll("|", "\\|");
const code = (text: string): string => `\`${text}\``;

const row = (metric: Metric): string =>
  `| ${code(metric.name)} | ${metric.type} | ${metric.labels.map(code).join(", ")} | ${cell(metric.help)} |`;

export function metricsMarkdown(): string {
  const sections = groups.map(({ title, metrics }) =>
    [`## ${title}`, "", "| metric | type | labels | meaning |", "|---|---|---|---|", ...metrics.map(row), ""].join("\n"),
  );
  return [INTRO, ...sections].join("\n");
}
