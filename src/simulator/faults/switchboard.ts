/** Which faults are on, and what they do to a request. */
import type { Aim, Incoming, Reply } from "../exchange.ts";
import type { Route } from "../route.ts";
import type { Applied, Fault, Scope } from "./fault.ts";
import { type FaultName, faultNames, faultTable } from "./table.ts";
import type { Views } from "./views.ts";

export interface AvailableFault {
  readonly name: FaultName;
  readonly service: Fault["service"];
  readonly description: string;
}

export interface ActiveFault {
  readonly name: FaultName;
  readonly scope: Scope;
  /** Requests it will still hit; null: until switched off. */
  readonly left: number | null;
}

export interface Faults {
  /** Switches a fault on; one that is on already takes the new scope. */
  on(name: FaultName, scope?: Scope): void;
  off(name: FaultName): void;
  clear(): void;
  list(): readonly AvailableFault[];
  active(): readonly ActiveFault[];
}

export interface Switchboard extends Faults {
  /** The route's reply, with every fault that is on and concerns it. */
  reply(route: Route, request: Incoming): Promise<Reply>;
}

interface Hit {
  readonly fault: Fault;
  readonly scope: Applied;
  spend(): void;
}

const bendsWorld = (fault: Fault): boolean => fault.catalogue !== undefined || fault.account !== undefined;
const isSilent = (fault: Fault): boolean => bendsWorld(fault) || fault.pace !== undefined || fault.heard !== undefined;

function concerns(fault: Fault, scope: Scope, aim: Aim): boolean {
  const service = fault.service === "any" ? scope.service : fault.service;
  if (service !== undefined && service !== aim.service) return false;
  if (aim.refused && fault.service !== "any") return false;
  const endpoints = scope.endpoint === undefined ? fault.endpoints : [scope.endpoint];
  if (endpoints !== undefined && !endpoints.includes(aim.endpoint)) return false;
  // What bends the world knows itself which model it means: /models has none in its path and still must show it.
  return scope.model === undefined || scope.model === aim.model || bendsWorld(fault);
}

/** The first fault that has a reply; what others bend or spoil comes on top. */
function firstReply(hits: readonly Hit[], replyOf: (hit: Hit) => Reply | undefined): Reply | undefined {
  for (const hit of hits) {
    const reply = replyOf(hit);
    if (reply === undefined) continue;
    hit.spend();
    return reply;
  }
  return undefined;
}

function viewsOf(hits: readonly Hit[], nowMs: number): Views {
  return {
    catalogue: (entries) => hits.reduce((seen, { fault, scope }) => fault.catalogue?.(seen, scope, nowMs) ?? seen, entries),
    account: (account) => hits.reduce((seen, { fault, scope }) => fault.account?.(seen, scope, nowMs) ?? seen, account),
    heard: (order) => hits.reduce((seen, { fault, scope }) => fault.heard?.(seen, scope) ?? seen, order),
    refusal: (model, provider) => firstReply(hits, ({ fault, scope }) => fault.refuses?.({ model, provider }, scope)),
    pace: (pace) => hits.reduce((seen, { fault, scope }) => fault.pace?.(seen, scope) ?? seen, pace),
  };
}

async function underHits(hits: readonly Hit[], route: Route, request: Incoming): Promise<Reply> {
  let reply = firstReply(hits, ({ fault, scope }) => fault.answer?.(request, scope, route));
  if (reply === undefined) {
    for (const { fault, spend } of hits) if (isSilent(fault)) spend();
    reply = await route.reply(viewsOf(hits, request.receivedAtMs));
  }
  return hits.reduce<Reply>((before, { fault, scope, spend }) => {
    const altered = fault.alter?.(before, request, scope, route);
    if (altered !== undefined) spend();
    return altered ?? before;
  }, reply);
}

interface Switched {
  readonly scope: Scope;
  readonly sinceMs: number;
  seen: number;
  left: number;
}

/** `changed` is called after every switch. */
export function createSwitchboard(now: () => number, changed: () => void): Switchboard {
  const on = new Map<FaultName, Switched>();
  const off = (name: FaultName): void => {
    if (on.delete(name)) changed();
  };
  const hitsFor = (aim: Aim): Hit[] =>
    [...on]
      .filter(([name, { scope }]) => concerns(faultTable[name], scope, aim))
      .map(([name, state]) => ({
        fault: faultTable[name],
        scope: { ...state.scope, sinceMs: state.sinceMs, nth: ++state.seen },
        spend() {
          // A request for another model does not use up a fault of this one.
          if (state.scope.model !== undefined && aim.model !== undefined && state.scope.model !== aim.model) return;
          state.left -= 1;
          if (state.left <= 0 && on.get(name) === state) off(name);
        },
      }));
  return {
    on(name, scope = {}) {
      const merged = { ...faultTable[name].defaults, ...scope };
      on.set(name, { scope: merged, sinceMs: now(), seen: 0, left: merged.times ?? Number.POSITIVE_INFINITY });
      changed();
    },
    off,
    clear() {
      on.clear();
      changed();
    },
    list: () => faultNames.map((name) => ({ name, service: faultTable[name].service, description: faultTable[name].description })),
    active: () => [...on].map(([name, { scope, left }]) => ({ name, scope, left: Number.isFinite(left) ? left : null })),
    reply: (route, request) => underHits(hitsFor(route), route, request),
  };
}
