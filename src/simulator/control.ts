/** The simulator's own pages under /_simulator: what is on, switching it, what was asked. Meant for curl. */
import { createRedactor } from "../base/redact.ts";
import { appEndpoints } from "./app.ts";
import { asObject, type Incoming, type JsonObject, json, type Reply, serviceNames } from "./exchange.ts";
import type { Scope } from "./faults/fault.ts";
import type { Faults } from "./faults/switchboard.ts";
import { faultNames, isFaultName } from "./faults/table.ts";
import type { SeenRequest } from "./front.ts";
import { openrouterEndpoints } from "./openrouter/router.ts";
import { s3Endpoints } from "./s3/operations.ts";

export const CONTROL_PATH = "/_simulator";

export interface Controlled {
  readonly urls: Readonly<Record<string, string>>;
  readonly faults: Faults;
  readonly requests: readonly SeenRequest[];
}

const endpointNames: readonly string[] = [...openrouterEndpoints, ...s3Endpoints, ...appEndpoints];

const isCount = (value: unknown): boolean => typeof value === "number" && Number.isInteger(value) && value >= 1;

/** Each field of a scope, and what it must be. */
const SCOPE_FIELDS: Readonly<Record<keyof Scope, { readonly expected: string; readonly holds: (value: unknown) => boolean }>> = {
  model: { expected: "a model id", holds: (value) => typeof value === "string" && value !== "" },
  service: { expected: `one of ${serviceNames.join(", ")}`, holds: (value) => serviceNames.some((name) => name === value) },
  endpoint: { expected: `one of ${endpointNames.join(", ")}`, holds: (value) => endpointNames.some((name) => name === value) },
  times: { expected: "a whole number of requests, at least 1", holds: isCount },
  status: { expected: "an HTTP status from 200 to 599", holds: (value) => isCount(value) && Number(value) >= 200 && Number(value) <= 599 },
  ms: { expected: "a whole number of milliseconds, at least 1", holds: isCount },
  usd: { expected: "an amount in USD, a debt below zero", holds: (value) => typeof value === "number" },
};

function problemsOf(scope: JsonObject): string[] {
  return Object.entries(scope).flatMap(([name, value]) => {
    if (!Object.hasOwn(SCOPE_FIELDS, name)) return [`${name}: no such field; there are ${Object.keys(SCOPE_FIELDS).join(", ")}`];
    const field = SCOPE_FIELDS[name as keyof Scope];
    return field.holds(value) ? [] : [`${name}: got ${JSON.stringify(value)}, expected ${field.expected}`];
  });
}

const refused = (status: number, error: string): Reply => json(status, { error });

function readScope({ body, json: value }: Incoming): Scope | Reply {
  if (body.length === 0) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return refused(400, "the scope must be a JSON object, or absent");
  const problems = problemsOf(asObject(value));
  return problems.length === 0 ? asObject(value) : refused(400, problems.join("; "));
}

const noSuchFault = (name: string): Reply => refused(404, `no fault is called ${JSON.stringify(name)}; there are ${faultNames.join(", ")}`);

function switchFault({ faults }: Controlled, request: Incoming, name: string): Reply {
  if (!isFaultName(name)) return noSuchFault(name);
  if (request.method === "DELETE") faults.off(name);
  else {
    const scope = readScope(request);
    if ("headers" in scope) return scope;
    if (name === "refuse" && (scope.service ?? "s3") !== "s3") {
      return refused(409, "closing this port would shut out this very control; use hang_up or reset for openrouter and app");
    }
    faults.on(name, scope);
  }
  return json(200, { active: faults.active() });
}

const redactor = createRedactor();

/** Callers may bring real keys; the page does not show them. */
function seen(requests: readonly SeenRequest[]): Reply {
  const page = json(200, { requests });
  return { ...page, body: redactor.text(String(page.body)) };
}

const state = ({ urls, faults }: Controlled): Reply => json(200, { urls, faults: { active: faults.active(), available: faults.list() } });

export function controlPage(controlled: Controlled, request: Incoming): Reply {
  const place = `${request.method} ${request.path.slice(CONTROL_PATH.length).replace(/\/$/, "")}`;
  if (place === "GET ") return state(controlled);
  if (place === "GET /requests") return seen(controlled.requests);
  if (place === "DELETE /faults") {
    controlled.faults.clear();
    return json(200, { active: [] });
  }
  const [, name] = /^(?:PUT|DELETE) \/faults\/([^/]+)$/.exec(place) ?? [];
  if (name !== undefined) return switchFault(controlled, request, name);
  const pages = ["GET /", "GET /requests", "PUT /faults/NAME", "DELETE /faults/NAME", "DELETE /faults"];
  return refused(
    404,
    `no such page; there are ${pages.map((page) => page.replace(" /", ` ${CONTROL_PATH}/`).replace(/\/$/, "")).join(", ")}`,
  );
}
