/** Who serves a model, and how well it went for everybody lately: public, and free of charge (openrouter-api §5). OpenRouter only. */
import type { UptimeWindow } from "../../core/outcome.ts";
import type { Reason } from "../../core/reason.ts";
import { classify } from "./classify.ts";
import { ask, type Connection, evidenceOf, type Finding } from "./connection.ts";
import { endpointsSchema } from "./wire.ts";

export interface ModelEndpoints {
  readonly count: number;
  /** 0 to 1, of the best endpoint: the router prefers it. A window with too little traffic is absent. */
  readonly uptime: Readonly<Partial<Record<UptimeWindow, number>>>;
}

const best = (percents: readonly (number | null | undefined)[]): number | undefined => {
  const told = percents.filter((percent) => typeof percent === "number");
  return told.length === 0 ? undefined : Math.max(...told) / 100;
};

export async function fetchEndpoints(connection: Connection, id: string, signal: AbortSignal): Promise<Finding<ModelEndpoints>> {
  const answer = await ask(connection, { method: "GET", path: `/models/${encodeURI(id)}/endpoints` }, signal);
  const parsed = endpointsSchema.safeParse(answer.body);
  const reason: Reason = classify(answer) ?? answer.exchange.fault?.reason ?? (parsed.success ? "ok" : "body_malformed");
  const evidence = evidenceOf(connection, answer, reason);
  if (reason !== "ok" || !parsed.success) return { reason, evidence };
  const { endpoints } = parsed.data.data;
  const uptime = {
    "5m": best(endpoints.map((one) => one.uptime_last_5m)),
    "30m": best(endpoints.map((one) => one.uptime_last_30m)),
    "1d": best(endpoints.map((one) => one.uptime_last_1d)),
  };
  const told = Object.fromEntries(Object.entries(uptime).filter(([, ratio]) => ratio !== undefined));
  return { reason, evidence, value: { count: endpoints.length, uptime: told } };
}
