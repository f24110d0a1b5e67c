/** A small application such as our users': it stores files in the bucket, asks OpenRouter, and is well when both answer. */
import { asObject, json, type Reply } from "./exchange.ts";
import type { Router } from "./route.ts";
import { type S3Credentials, sign } from "./s3/sigv4.ts";

export interface AppNeeds {
  readonly openrouterUrl: string;
  readonly apiKey: string;
  readonly s3Url: string;
  readonly bucketName: string;
  readonly s3Credentials: S3Credentials;
  readonly now: () => number;
}

interface Cause {
  readonly needs: string;
  readonly detail: string;
}

const PATIENCE_MS = 2_000;
const AGENT = "simulated-app";

/** What the needed service said when it was not well: its own code where it gave one. */
async function complaint(url: string, headers: Readonly<Record<string, string>>): Promise<string | undefined> {
  try {
    const response = await fetch(url, { headers: { "user-agent": AGENT, ...headers }, signal: AbortSignal.timeout(PATIENCE_MS) });
    const text = await response.text();
    if (response.ok && text !== "") return undefined;
    const said = /<Code>([^<]+)<\/Code>/.exec(text)?.[1] ?? /"message":"([^"]+)"/.exec(text)?.[1] ?? "no reason given";
    return `${response.status} ${said}`;
  } catch (error) {
    const { name, cause } = error as Error;
    return name === "TimeoutError" ? `no answer within ${PATIENCE_MS} ms` : String(asObject(cause).code ?? "connection failed");
  }
}

function askStorage({ s3Url, bucketName, s3Credentials, now }: AppNeeds): Promise<string | undefined> {
  const url = new URL(`${s3Url}/${bucketName}?list-type=2&max-keys=1`);
  const unsigned = { method: "GET", path: url.pathname, query: url.searchParams, headers: { host: url.host } };
  const { host: _, ...headers } = sign(unsigned, s3Credentials, now());
  return complaint(url.href, headers);
}

const askModels = ({ openrouterUrl, apiKey }: AppNeeds): Promise<string | undefined> =>
  complaint(`${openrouterUrl}/key`, { authorization: `Bearer ${apiKey}` });

async function health(needs: AppNeeds): Promise<Reply> {
  const [storage, models] = await Promise.all([askStorage(needs), askModels(needs)]);
  const causes: Cause[] = [];
  if (storage !== undefined) causes.push({ needs: "Storage (S3)", detail: storage });
  if (models !== undefined) causes.push({ needs: "OpenRouter", detail: models });
  if (causes.length === 0) return json(200, { status: "ok" });
  return json(503, { status: "unavailable", detail: causes.map((cause) => `${cause.needs}: ${cause.detail}`).join("; "), causes });
}

export const appEndpoints: readonly string[] = ["health"];

/** `needs` is asked for late: the ports are not known before all listen. */
export function routeApp(needs: () => AppNeeds): Router {
  return ({ path, method }) => {
    const isHealth = path === "/health" && (method === "GET" || method === "HEAD");
    return {
      service: "app",
      endpoint: isHealth ? "health" : "none",
      reply: () => (isHealth ? health(needs()) : json(404, { detail: "Not Found" })),
    };
  };
}
