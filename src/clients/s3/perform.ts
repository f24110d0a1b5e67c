/** One operation from request to evidence: the one place where what a storage says becomes a reason. */

import type { S3 } from "@aws-sdk/client-s3";
import { oneLine } from "../../base/printable.ts";
import type { BucketOperation, BucketOperationName, Evidence } from "../../core/outcome.ts";
import type { Reason } from "../../core/reason.ts";
import type { HttpExchange } from "../http/exchange.ts";
import { type Answer, classify, readAnswer } from "./classify.ts";
import { call, type S3Connection } from "./connection.ts";

/** What a whole 2xx amounts to. */
export type Verified<T> = { readonly value: T } | { readonly reason: Reason; readonly message: string };

export interface Order<T, O> {
  readonly operation: BucketOperationName;
  readonly key?: string;
  readonly bytesSent?: number;
  /** What an object that is not there means; `fault` is the default. */
  readonly gone?: "fine" | "fault";
  send(s3: S3): Promise<O>;
  verify(exchanged: HttpExchange, output: O | undefined): Verified<T>;
}

/** `ok` with a value, or the reason why not; evidence either way. */
export interface Performed<T = unknown> {
  readonly reason: Reason;
  readonly evidence: Evidence;
  readonly operation: BucketOperation;
  readonly value?: T;
}

const ERROR_BODY_CHARS = 16 * 1024;
// An error inside a 2xx; S3's reference says to take it for a 500.
const UNNUMBERED_ERROR = 500;
// The canonical request again in hex, where a session token would pass the redactor unseen.
const HEX_OF_REQUEST = /<(\w+Bytes)>[^<]*<\/\1>/g;

const isGone = ({ exchange, error }: Answer): boolean =>
  exchange.status === 404 && (error === undefined ? exchange.body.length === 0 : error.code === "NoSuchKey");

function describe({ exchange, error }: Answer): string {
  const { status, fault, body } = exchange;
  if (error?.code) {
    const where = error.region === "" ? "" : ` (region ${error.region})`;
    return `${error.code}${error.message === "" ? "" : `: ${error.message}`}${where}`;
  }
  return fault?.message ?? `answered ${status} ${body.length === 0 ? "without a body" : "with a body that is no S3 answer"}`;
}

function effectiveStatus({ exchange: { status }, error }: Answer): Pick<Evidence, "statusCode" | "via"> {
  if (status === 0) return { statusCode: 0, via: "none" };
  const inside = error !== undefined && status >= 200 && status < 300;
  return inside ? { statusCode: UNNUMBERED_ERROR, via: "body" } : { statusCode: status, via: "header" };
}

function requestIdOf({ exchange: { headers }, error }: Answer): string | undefined {
  const told = headers["x-amz-request-id"] ?? headers["x-amz-id-2"];
  return [told].flat()[0] ?? (error?.requestId || undefined);
}

function measured({ redactor }: S3Connection, answer: Answer): Evidence {
  const { durationSeconds, phases, certificateExpiresAt, clockSkewSeconds } = answer.exchange;
  const requestId = requestIdOf(answer);
  return {
    ...effectiveStatus(answer),
    durationSeconds,
    phases,
    ...(certificateExpiresAt === undefined ? {} : { certificateExpiresAt }),
    ...(clockSkewSeconds === undefined ? {} : { clockSkewSeconds }),
    ...(requestId === undefined ? {} : { requestId: oneLine(redactor.text(requestId)) }),
  };
}

/** What is told of a failure. */
function told({ redactor }: S3Connection, { exchange }: Answer, message: string): Partial<Evidence> {
  const text = exchange.body.toString("utf8").replaceAll(HEX_OF_REQUEST, "");
  return {
    message: oneLine(redactor.text(message)),
    ...(text === "" ? {} : { errorBody: redactor.text(text).slice(0, ERROR_BODY_CHARS) }),
  };
}

function judge<T, O>(order: Order<T, O>, answer: Answer, output: O | undefined, region: string): Verified<T | undefined> {
  if (order.gone === "fine" && isGone(answer)) return { value: undefined };
  const reason = classify(order.operation, answer, region);
  return reason === undefined ? order.verify(answer.exchange, output) : { reason, message: describe(answer) };
}

/** Never throws for what the storage or the network does. */
export async function perform<T, O>(connection: S3Connection, order: Order<T, O>, signal: AbortSignal): Promise<Performed<T>> {
  const { exchange, endpoint, output } = await call(connection, (s3) => order.send(s3), signal);
  const answer = readAnswer(exchange);
  const verified = judge(order, answer, output, connection.region);
  const { operation, key, bytesSent } = order;
  const failure = "reason" in verified ? verified : undefined;
  return {
    reason: failure?.reason ?? "ok",
    evidence: {
      ...measured(connection, answer),
      ...(failure === undefined ? {} : told(connection, answer, `${operation}: ${failure.message}`)),
      request: {
        operation,
        bucket: connection.bucket,
        ...(key === undefined ? {} : { key }),
        endpoint: connection.redactor.text(endpoint),
      },
    },
    operation: {
      operation,
      verdict: failure === undefined ? "up" : "down",
      durationSeconds: exchange.durationSeconds,
      ...(bytesSent === undefined ? {} : { bytesSent }),
      ...(operation === "get" && !answer.failed ? { bytesReceived: exchange.body.length } : {}),
    },
    ...("value" in verified && verified.value !== undefined ? { value: verified.value } : {}),
  };
}
