/** The API key: its format first, then what the API says of it. Spends nothing. */

import { systemClock } from "../base/clock.ts";
import { fetchKey, keyFormatValid } from "../clients/openrouter/key.ts";
import type { Credential } from "../config/config.ts";
import { degraded, down, type Evidence, type KeyFacts, type Outcome, unanswered, up } from "../core/outcome.ts";
import { connectionOf, type PlannedProbe, type ProbeContext, type ProbeKind } from "./kind.ts";

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

function plan(credential: Credential, context: ProbeContext): PlannedProbe {
  const connection = connectionOf(credential, context);
  const { name, every, timeoutSeconds } = credential;
  return {
    target: { kind: "credential", name, credential: name, every, timeoutSeconds, needs: [] },
    probe: {
      async run(signal) {
        // A malformed key is known without a call.
        if (!keyFormatValid(connection)) return down("key_malformed", { ...unanswered, key: { formatValid: false } });
        const { reason, evidence, value } = await fetchKey(connection, signal);
        return value === undefined ? down(reason, evidence) : judge(value, evidence);
      },
    },
  };
}

export const credentialKind: ProbeKind = {
  kind: "credential",
  plan: (config, context) => config.credentials.map((credential) => plan(credential, context)),
};
