/** Who may ask at all, decided before any route looks at the request. The order is exporter-toolkit's: rate limit, then password. */
import type { Clock } from "../base/clock.ts";
import { createBasicAuth } from "./basic-auth.ts";
import { isOurs } from "./host.ts";
import { type Answer, type Ask, refusal } from "./route.ts";
import { createTokenBucket } from "./token-bucket.ts";
import type { WebConfig } from "./web-config/web-config.ts";

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly webConfig: () => WebConfig;
  readonly hosts: readonly string[];
}

/** The refusal, or undefined for whoever may come in. `listening` is the address the server listens on. */
export type Admission = (ask: Pick<Ask, "header">, path: string, listening: string) => Promise<Answer | undefined>;

const soon = (answer: Answer): Answer => ({ ...answer, headers: { "retry-after": "1" } });

export function createAdmission({ clock, webConfig, hosts }: AdmissionOptions): Admission {
  const { rateLimit } = webConfig();
  const withinRate = rateLimit === undefined ? () => true : createTokenBucket(clock, rateLimit);
  const auth = createBasicAuth();
  return async (ask, path, listening) => {
    if (!withinRate()) return soon(refusal(path, 429, "Too many requests."));
    if (!isOurs(ask.header("host"), listening, hosts)) {
      return refusal(path, 421, "This host name is not served here. Its owner can add it to web.hosts in the config.");
    }
    const { users } = webConfig();
    if (users.size === 0) return undefined;
    const verdict = await auth.admits(ask.header("authorization"), users);
    if (verdict === "yes") return undefined;
    if (verdict === "busy") return soon(refusal(path, 429, "Too many logins are being looked at."));
    return { ...refusal(path, 401, "Unauthorized"), headers: { "www-authenticate": 'Basic realm="llm-healthd", charset="UTF-8"' } };
  };
}
