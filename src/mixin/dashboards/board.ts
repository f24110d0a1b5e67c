/** A dashboard: what stands around its panels (variables, links, marks for events), and where each panel lies. */
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  type GridPos,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Uid } from "../uids.ts";
import { ADDRESS, allBoards, external, TAG } from "./links.ts";
import { DATASOURCE, type Panel } from "./panels.ts";
import { firing, foreign, latest } from "./query.ts";

export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Board {
  readonly uid: Uid;
  readonly title: string;
  readonly description: string;
  /** Beside data source, job and instance. */
  readonly variables: readonly Variable[];
  readonly sections: readonly Section[];
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** `label_values(…)`. */
  readonly query: string;
}

const COLUMNS = 24;

/** A choice of several values of a label, all of them at first. */
const choice = ({ name, label, description, query }: Variable): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(DATASOURCE)
    .query(query)
    .multi(true)
    .includeAll(true)
    .allValue(".+")
    .current({ selected: true, text: ["All"], value: ["$__all"] })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);

/** Every series of the daemon has these two labels; build_info is there from its first scrape on. */
const PLACE: readonly Variable[] = [
  {
    name: "job",
    label: "Job",
    description: "The scrape job of llm-healthd in Prometheus.",
    query: "label_values(healthd_build_info, job)",
  },
  {
    name: "instance",
    label: "Instance",
    description: "Which llm-healthd: there are several where targets are sharded or seen from several places.",
    query: 'label_values(healthd_build_info{job=~"$job"}, instance)',
  },
];

/** Where a reader's browser reaches the daemon: for its status page and its runbooks. */
const address = (): TextBoxVariableBuilder =>
  new TextBoxVariableBuilder("healthd")
    .label("Daemon's address")
    .description("Where your browser reaches llm-healthd, for links to its status page and its runbooks.")
    .defaultValue("http://127.0.0.1:10556");

const mark = (name: string, colour: string, expr: string): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder().name(name).datasource(DATASOURCE).enable(true).iconColor(colour).expr(expr);
/** The value is a moment, so the mark stands exactly there, however sparse the points are. */
const momentOf = (name: string, colour: string, timestamp: string): AnnotationQueryBuilder =>
  mark(name, colour, `${timestamp} * 1000`).useValueForTime(true).textFormat(`${name}: {{instance}}`);

const marks = (): AnnotationQueryBuilder[] => [
  mark("Alerts firing", "red", firing()).titleFormat("{{alertname}}").textFormat("{{subject}}").tagKeys("severity,owner").step("60s"),
  momentOf("Config loaded", "blue", latest("healthd_config_last_reload_success_timestamp_seconds")),
  momentOf("Daemon started", "purple", foreign("process_start_time_seconds")),
];

/** From left to right, in lines as high as their highest panel. */
function place(sections: readonly Section[]): { title: string; row: GridPos; panels: { panel: Panel; at: GridPos }[] }[] {
  let y = 0;
  return sections.map(({ title, panels }) => {
    const row = { x: 0, y, w: COLUMNS, h: 1 };
    y += 1;
    let x = 0;
    let height = 0;
    const placed = panels.map((panel) => {
      const [w, h] = panel.size;
      if (x + w > COLUMNS) {
        y += height;
        x = 0;
        height = 0;
      }
      const at = { x, y, w, h };
      x += w;
      height = Math.max(height, h);
      return { panel, at };
    });
    y += height;
    return { title, row, panels: placed };
  });
}

export function build({ uid, title, description, variables, sections }: Board): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-6h", to: "now" })
    .refresh("30s")
    .variables([
      new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"),
      ...[...PLACE, ...variables].map(choice),
      address(),
    ])
    .links([allBoards(), external("Status page", `${ADDRESS}/`), external("Runbooks", `${ADDRESS}/runbooks`)])
    .annotations(marks());
  for (const { title, row, panels } of place(sections)) {
    builder.withRow(new RowBuilder(title).gridPos(row));
    for (const { panel, at } of panels) builder.withPanel({ build: () => ({ ...panel.builder.build(), gridPos: at }) });
  }
  return builder.build();
}
