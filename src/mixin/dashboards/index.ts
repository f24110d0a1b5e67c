/** Every dashboard, as the file that Grafana reads. Needs the SDK, a devDependency: only generate.ts and tests may import this folder. */
import { build } from "./board.ts";
import { daemon } from "./boards/daemon.ts";
import { model } from "./boards/model.ts";
import { money } from "./boards/money.ts";
import { overview } from "./boards/overview.ts";
import { storage } from "./boards/storage.ts";
import { dashboardsDoc } from "./docs.ts";
import { finalize } from "./finalize.ts";

const boards = [overview, model, money, storage, daemon] as const;

export const dashboardFiles = [
  ...boards.map((board) => ({ path: `dashboards/${board.uid}.json`, make: () => finalize(build(board)) })),
  { path: "docs/dashboards.md", make: () => dashboardsDoc(boards.map(build)) },
];
