/** How a bucket is reached: the AWS SDK makes and signs each request, our own exchange sends it. The only door to the SDK. */
import { Readable } from "node:stream";
import type { S3, S3ClientConfig } from "@aws-sdk/client-s3";
import type { Redactor } from "../../base/redact.ts";
import { exchange, type HttpExchange, type HttpRequest } from "../http/exchange.ts";
import type { Route } from "../http/route.ts";

export interface S3Connection {
  readonly bucket: string;
  /** Absent: AWS, by region. */
  readonly endpoint?: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** `endpoint/bucket/key` rather than `bucket.endpoint/key`. */
  readonly pathStyle: boolean;
  readonly redactor: Redactor;
  readonly route?: Route;
  /** Signs as if the clock were this far ahead, in milliseconds: how tests come too late. */
  readonly clockOffsetMs?: number;
}

/** What went over the wire for one call. */
export interface Sent {
  readonly endpoint: string;
  readonly exchange: HttpExchange;
}

export interface Wire<T> extends Sent {
  /** What the SDK read of the answer; undefined when it could not, or the answer is an error. */
  readonly output: T | undefined;
}

// A page of twenty keys is below 100 KiB, the canary is 1 KiB.
const MAX_BODY_BYTES = 1024 * 1024;

/** The part of the SDK's request that we use (its HttpHandler contract). */
interface SignedRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

function queryOf(query: SignedRequest["query"]): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, values]) =>
    [values ?? ""].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

async function forward(request: SignedRequest, route: Route | undefined, signal: AbortSignal): Promise<Sent> {
  const { protocol, hostname, port, path, method, headers, body } = request;
  const endpoint = `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}`;
  const exchanged = await exchange(
    {
      method: method as HttpRequest["method"],
      url: endpoint + path + queryOf(request.query),
      // The bytes are compared as they are stored: nothing on the way may compress them.
      headers: { "accept-encoding": "identity", ...headers },
      ...(body === undefined ? {} : { body }),
      maxBodyBytes: MAX_BODY_BYTES,
      route,
    },
    signal,
  );
  return { endpoint, exchange: exchanged };
}

/** Every setting that the SDK would otherwise look for in the environment, in ~/.aws or at the instance's metadata address. */
const NOTHING_FROM_OUTSIDE: S3ClientConfig = {
  ignoreConfiguredEndpointUrls: true,
  maxAttempts: 1,
  retryMode: "standard",
  defaultsMode: "standard",
  authSchemePreference: [],
  sigv4aSigningRegionSet: [],
  disableS3ExpressSessionAuth: true,
  useArnRegion: false,
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  // The newer default, a CRC with every put, was answered 501 by R2 and others (aws-sdk-js-v3 #6810).
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
  // A round trip more for 1 KiB, and proxies that never answer it.
  expectContinueHeader: false,
};

/**
 * Makes one call. Never throws for what the storage does; throws when the SDK refuses to send anything, which is our bug.
 * A client for each call (0.2 ms): the SDK corrects its clock by the answers, and would hide a skew from the second call on.
 */
export async function call<T>(connection: S3Connection, make: (s3: S3) => Promise<T>, signal: AbortSignal): Promise<Wire<T>> {
  // 0.1 s of loading, and nobody without a bucket needs it.
  const sdk = await import("@aws-sdk/client-s3");
  const { region, endpoint, accessKeyId, secretAccessKey, sessionToken, pathStyle, clockOffsetMs } = connection;
  let sent: Sent | undefined;
  const handle = async (request: SignedRequest) => {
    sent = await forward(request, connection.route, signal);
    const { status, headers, body, fault } = sent.exchange;
    if (status === 0 || fault !== undefined) throw new Error(fault?.message ?? "no answer");
    const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    return { response: { statusCode: status, headers: flat, body: Readable.from(body.length === 0 ? [] : [body]) } };
  };
  const s3 = new sdk.S3({
    ...NOTHING_FROM_OUTSIDE,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    forcePathStyle: pathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    systemClockOffset: clockOffsetMs ?? 0,
    requestHandler: { handle },
  });
  // It tells every storage the version of Node, SDK and system; the exchange names us.
  s3.middlewareStack.remove("getUserAgentMiddleware");
  const answer = await make(s3).then(
    (output) => ({ output }),
    (error: unknown) => ({ output: undefined, error }),
  );
  // Only a callback assigns it, which the compiler does not follow.
  const wire = sent as Sent | undefined;
  if (wire === undefined) throw "error" in answer ? answer.error : new Error("the SDK answered without sending anything");
  return { ...wire, output: answer.output };
}
