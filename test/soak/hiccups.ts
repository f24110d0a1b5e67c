/** What goes wrong once: the next request of a target's next probe fails, in one of the ways its service has. */
import type { Target } from "../../src/core/probe.ts";
import type { Kind } from "../../src/core/reason.ts";
import type { FaultName, Faults, Scope } from "../../src/simulator/index.ts";

type Way = readonly [FaultName, Scope?];

const ANYWHERE: readonly Way[] = [
  ["status", { status: 500 }],
  ["status", { status: 502 }],
  ["status", { status: 503 }],
  ["html"],
  ["reset"],
  ["hang_up"],
];
const API: readonly Way[] = [
  ...ANYWHERE,
  ["status", { status: 401 }],
  ["status", { status: 429 }],
  ["broken_json"],
  ["empty_body"],
  ["wrong_types"],
  ["reset_body"],
];

const WAYS: Readonly<Record<Kind, readonly Way[]>> = {
  credential: API,
  catalog: API,
  model: [
    ...API,
    ["status", { status: 400 }],
    ["status", { status: 403 }],
    ["status", { status: 404 }],
    ["status", { status: 408 }],
    ["provider"],
    ["provider_busy"],
    ["stream_error"],
    ["stream_truncated"],
    ["error_in_body"],
    ["empty_output"],
    ["no_choices"],
  ],
  bucket: [...ANYWHERE, ["s3_slow_down"], ["s3_access_denied"], ["s3_integrity"]],
  app: ANYWHERE,
};

/** Where a target's first request arrives. */
function scopeOf({ kind, model = "" }: Target): Scope {
  switch (kind) {
    case "credential":
      return { service: "openrouter", endpoint: "key" };
    case "catalog":
      return { service: "openrouter", endpoint: "models" };
    case "model":
      return { service: "openrouter", endpoint: "chat", model };
    case "bucket":
      return { service: "s3" };
    case "app":
      return { service: "app" };
  }
}

/** `random` draws from [0, 1). */
export function hiccup(target: Target, storage: Faults, llm: Faults, random: () => number): void {
  const ways = WAYS[target.kind];
  const [name, scope = {}] = ways[Math.floor(random() * ways.length)] ?? ["reset"];
  const faults = target.kind === "bucket" || target.kind === "app" ? storage : llm;
  faults.on(name, { ...scopeOf(target), ...scope, times: 1 });
}
