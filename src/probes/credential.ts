/** The API key: its format first, then what the API says of it, and whether it is the key or the API that fails. Spends nothing. */
import { systemClock } from "../base/clock.ts";
import type { Connection, Finding } from "../clients/openrouter/connection.ts";
import { fetchEndpoints } from "../clients/openrouter/endpoints.ts";
import { chatRejectsKey, fetchKey, keyFormatValid } from "../clients/openrouter/key.ts";
import type { Config, Credential } from "../config/config.ts";
import { type Judgement, judgeKey, type KeyPoll, POLLS_KEPT_LEAST, POLLS_KEPT_MS } from "../core/key-trial.ts";
import { degraded, down, type Evidence, type KeyFacts, type Outcome, unanswered, up } from "../core/outcome.ts";
import type { Planned } from "../core/probe.ts";
import { connectionOf, type KeyPolls, type ProbeContext, type ProbeKind } from "./kind.ts";
import { wantedModels } from "./listing.ts";

// OpenRouter calls an endpoint down below it (openrouter-api §11); 401s that it answers count against the uptime.
const DOWN_BELOW = 0.8;
// Another key that was rejected this lately belongs to the same event.
const SAME_EVENT_MS = 5 * 60_000;

function judge(facts: KeyFacts, evidence: Evidence): Outcome {
  if (typeof facts.expiresAt === "number" && facts.expiresAt <= systemClock.wall()) {
    return down("key_expired", { ...evidence, message: `expired at ${new Date(facts.expiresAt).toISOString()}` });
  }
  // Free models go on with a spent limit, so the key is not down.
  if (typeof facts.limitRemainingUsd === "number" && facts.limitRemainingUsd <= 0) {
    return degraded("key_limit", { ...evidence, message: `${facts.limitRemainingUsd} USD left of a limit of ${facts.limitUsd} USD` });
  }
  return up(evidence);
}

function answerOf({ reason, evidence }: Finding<KeyFacts>): KeyPoll["answer"] {
  if (reason === "ok") return "good";
  if (reason === "unauthorized") return "rejected";
  return evidence.statusCode >= 500 ? "failed" : "unknown";
}

/** What only needs asking when the key is rejected. */
interface Controls {
  readonly connection: Connection;
  /** A configured model, whose public uptime tells how others fare; absent where the API has no such page. */
  readonly sample?: string;
  /** Whether another key of the same API was rejected lately. */
  othersRejected(): boolean;
}

async function cross(controls: Controls, signal: AbortSignal): Promise<Pick<KeyPoll, "chatRejects" | "othersFail">> {
  const { connection, sample } = controls;
  const [chatRejects, endpoints] = await Promise.all([
    chatRejectsKey(connection, signal),
    sample === undefined ? undefined : fetchEndpoints(connection, sample, signal),
  ]);
  const uptime = endpoints?.value?.uptime["5m"];
  return { chatRejects, othersFail: controls.othersRejected() || (uptime !== undefined && uptime < DOWN_BELOW) };
}

/** The outcome of a key that could not be found good, once it is known who is to blame. */
function convict({ reason, evidence }: Finding<KeyFacts>, { valid, outage }: Judgement): Outcome {
  const key: KeyFacts = { formatValid: true, ...(valid === undefined ? {} : { valid }) };
  if (!outage) return down(reason, { ...evidence, key });
  const message = `401 for a key that was good, while the API fails for others or failed shortly before: ${evidence.message ?? ""}`;
  return down("gateway_error", { ...evidence, key, message });
}

/** What is known of the key outlives a reload; another key begins anew. */
function keyPollsOf({ name, apiKey, baseUrl }: Credential, context: ProbeContext): KeyPolls {
  const before = context.keyPolls.get(name);
  if (before?.apiKey === apiKey && before.baseUrl === baseUrl) return before;
  const anew: KeyPolls = { apiKey, baseUrl, polls: [] };
  context.keyPolls.set(name, anew);
  return anew;
}

function plan(config: Config, credential: Credential, context: ProbeContext): Planned {
  const connection = connectionOf(credential, context);
  const { name, every, timeoutSeconds } = credential;
  const { polls } = keyPollsOf(credential, context);
  const sample = credential.flavor === "openrouter" ? wantedModels(config, credential)[0]?.id : undefined;
  // The same key under another name is no second opinion.
  const siblings = config.credentials.filter(({ baseUrl, apiKey }) => baseUrl === credential.baseUrl && apiKey !== credential.apiKey);
  const othersRejected = (): boolean =>
    siblings.some((other) => {
      const seen = context.keyPolls.get(other.name)?.polls ?? [];
      // One that has been bad all along, or for long, is no sign of an outage that begins now.
      const good = seen.findLast(({ answer }) => answer === "good");
      return seen.at(-1)?.answer === "rejected" && good !== undefined && systemClock.wall() - good.at < SAME_EVENT_MS;
    });
  const controls: Controls = { connection, othersRejected, ...(sample === undefined ? {} : { sample }) };

  const run = async (signal: AbortSignal): Promise<Outcome> => {
    // A malformed key is known without a call.
    if (!keyFormatValid(connection)) return down("key_malformed", { ...unanswered, key: { formatValid: false } });
    const found = await fetchKey(connection, signal);
    const at = systemClock.wall();
    const answer = answerOf(found);
    polls.push({ at, answer, ...(answer === "rejected" ? await cross(controls, signal) : {}) });
    while (polls.length > POLLS_KEPT_LEAST && (polls[0]?.at ?? at) < at - POLLS_KEPT_MS) polls.shift();
    return found.value === undefined ? convict(found, judgeKey(polls)) : judge(found.value, found.evidence);
  };
  return { target: { kind: "credential", name, credential: name, every, timeoutSeconds, needs: [] }, probe: { run } };
}

export const credentialKind: ProbeKind = {
  kind: "credential",
  plan(config, context) {
    const names = new Set(config.credentials.map(({ name }) => name));
    for (const name of context.keyPolls.keys()) if (!names.has(name)) context.keyPolls.delete(name);
    return config.credentials.map((credential) => plan(config, credential, context));
  },
};
