/** A storage bucket: one small object through its whole life, or a look without writing. */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { pause, systemClock } from "../base/clock.ts";
import type { S3Connection } from "../clients/s3/connection.ts";
import {
  confirmGone,
  deleteObject,
  getObject,
  headBucket,
  headObject,
  listObjects,
  putObject,
  type Written,
} from "../clients/s3/operations.ts";
import type { Performed } from "../clients/s3/perform.ts";
import type { Entry } from "../config/config.ts";
import { bucketName, entryFields, object, reading, secretText, url, variable } from "../config/schema.ts";
import type { Section } from "../config/section.ts";
import { down, type Outcome, up } from "../core/outcome.ts";
import type { Planned } from "../core/probe.ts";
import { type ProbeContext, type ProbeKind, planEntries, targetOf } from "./kind.ts";

// It becomes a label of a host name at AWS, and a part of every signature.
const region = reading((text) =>
  /^[A-Za-z0-9-]{1,63}$/.test(text) ? text : { fix: "write the region's name, as the storage calls it" },
).meta({
  title: "a region",
  examples: ["us-east-1"],
});

// Characters safe in keys by the S3 User Guide, so that no storage, proxy or URL spells them differently.
const PREFIX = /^(?!\/)(?!.*\/\/)(?!(?:.*\/)?\.{1,2}\/)[A-Za-z0-9!_.*'()/-]{1,200}\/$/;
const prefix = reading((text) =>
  PREFIX.test(text) ? text : { fix: "write letters, digits, - _ . and /, with a / at the end and none at the start" },
).meta({ title: "the beginning of a key, ending in /", examples: ["llm-healthd-canary/"] });

const entry = object({
  bucket: bucketName.describe("The bucket's name."),
  endpoint: url
    .optional()
    .describe("The storage's URL, without the bucket. Default: AWS, by region.")
    .meta({ examples: ["https://storage.example.net"] }),
  region: region.prefault("us-east-1").describe("The region the bucket is in; storages that have none accept the default."),
  access_key_id: secretText.describe("The access key's id.").meta({ examples: [variable("S3_KEY")] }),
  secret_access_key: secretText.describe("The secret that belongs to it.").meta({ examples: [variable("S3_SECRET")] }),
  session_token: secretText.optional().describe("Of temporary credentials: the session token."),
  mode: z
    .enum(["canary", "read_only"])
    .prefault("canary")
    .describe(
      "canary: write an object of 1 KiB, read it back, compare, delete it, and sweep what crashed runs left; needs put, get, list and delete " +
        "under the prefix (where the bucket keeps versions, also DeleteObjectVersion). read_only: ask for the bucket and list one key; needs list.",
    ),
  prefix: prefix.prefault("llm-healthd-canary/").describe("Where canary objects live: PREFIX/TARGET/…; nothing else may be kept there."),
  path_style: z
    .boolean()
    .optional()
    .describe("Put the bucket's name in the path rather than in the host name. Default: true when endpoint is set."),
  ...entryFields,
});
export type BucketSettings = z.output<typeof entry>;

const section: Section = { key: "buckets", kind: "bucket", entry, summary: "The S3 buckets the application keeps its files in." };

const CANARY_BYTES = 1024;
// Far above any probe's duration: younger objects may belong to a run that goes on elsewhere.
const LEFTOVER_SECONDS = 600;
// Keys begin with their time, so a page of this many holds the oldest.
const SWEPT_AT_ONCE = 20;
// AWS is consistent after a delete; a gateway's cache may be a moment behind, and is forgiven once.
const SECOND_LOOK_MS = 1000;
// Below the five seconds after which the runner writes a probe off.
const CLEANUP_MS = 3000;

/** What was done, in order, and which of it decides. */
interface Look {
  readonly performed: readonly Performed[];
  readonly decider: Performed;
  /** Takes away what may be left behind; what that takes is nobody's latency. */
  cleanUp?(): Promise<Performed>;
}

const failed = (one: Performed): boolean => one.reason !== "ok";

async function confirm(connection: S3Connection, key: string, signal: AbortSignal): Promise<Performed> {
  const looked = await confirmGone(connection, key, signal);
  if (looked.reason !== "s3_integrity") return looked;
  await pause(systemClock, SECOND_LOOK_MS, signal);
  return signal.aborted ? looked : confirmGone(connection, key, signal);
}

/** Deletes what crashed runs left. One operation to the outside, however many requests it takes. */
async function sweep(connection: S3Connection, folder: string, signal: AbortSignal): Promise<Performed> {
  const listed = await listObjects(connection, { operation: "sweep", prefix: folder, most: SWEPT_AT_ONCE }, signal);
  let last: Performed = listed;
  let { durationSeconds } = listed.operation;
  for (const { key, ageSeconds } of listed.value ?? []) {
    if (ageSeconds < LEFTOVER_SECONDS) continue;
    last = await deleteObject(connection, { key, operation: "sweep" }, signal);
    durationSeconds += last.operation.durationSeconds;
    if (failed(last)) break;
  }
  return { ...last, operation: { ...last.operation, durationSeconds } };
}

/** Whether the canary may still be there: it went out, was not refused, and no answer to a delete came. */
function mayRemain(performed: readonly Performed[]): boolean {
  const [put] = performed;
  if (put === undefined || put.evidence.phases?.request === undefined) return false;
  const { statusCode } = put.evidence;
  if (statusCode >= 300 && statusCode < 500) return false;
  return !performed.some(({ operation, evidence }) => operation.operation === "delete" && evidence.statusCode !== 0);
}

/** The last try has its own short time: the run's may be over. */
async function lastTry(remove: (signal: AbortSignal) => Promise<Performed>): Promise<Performed> {
  const deadline = new AbortController();
  const cancel = systemClock.after(CLEANUP_MS, () => deadline.abort());
  const removed = await remove(deadline.signal);
  cancel();
  return removed;
}

async function canary(connection: S3Connection, folder: string, signal: AbortSignal): Promise<Look> {
  const time = new Date(systemClock.wall()).toISOString().replaceAll(/[-:.]/g, "");
  const key = `${folder}${time}-${randomBytes(6).toString("hex")}`;
  const body = Buffer.from(randomBytes(CANARY_BYTES / 2).toString("hex"));
  let written: Written | undefined;
  const remove = (within: AbortSignal): Promise<Performed> => deleteObject(connection, { key, ...written }, within);
  const steps: readonly (() => Promise<Performed>)[] = [
    async () => {
      const put = await putObject(connection, key, body, signal);
      written = put.value;
      return put;
    },
    () => headObject(connection, key, body.length, signal),
    () => getObject(connection, key, body, signal),
    () => remove(signal),
    () => confirm(connection, key, signal),
    () => sweep(connection, folder, signal),
  ];
  const performed: Performed[] = [];
  let decider: Performed | undefined;
  for (const step of steps) {
    const one = await step();
    performed.push(one);
    decider ??= one;
    if (!failed(one)) continue;
    decider = one;
    break;
  }
  if (decider === undefined) throw new Error("a canary without steps");
  return { performed, decider, ...(mayRemain(performed) ? { cleanUp: () => lastTry(remove) } : {}) };
}

async function readOnly(connection: S3Connection, signal: AbortSignal): Promise<Look> {
  const head = await headBucket(connection, signal);
  const { statusCode } = head.evidence;
  // Without an answer, or with a 5xx, there is nothing more to learn.
  if (failed(head) && (statusCode < 300 || statusCode >= 500)) return { performed: [head], decider: head };
  const list = await listObjects(connection, { operation: "list", most: 1 }, signal);
  // A HEAD's 403, 404, 301 or 400 has no body, so no code: the list says why.
  return { performed: [head, list], decider: failed(list) ? list : head };
}

function connectionOf(settings: BucketSettings, context: ProbeContext): S3Connection {
  const { bucket, endpoint, accessKeyId, secretAccessKey, sessionToken } = settings;
  return {
    bucket,
    region: settings.region,
    accessKeyId,
    secretAccessKey,
    pathStyle: settings.pathStyle ?? endpoint !== undefined,
    redactor: context.redactor,
    route: context.route,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

function plan(source: Entry, settings: BucketSettings, context: ProbeContext): Planned {
  const connection = connectionOf(settings, context);
  const folder = `${settings.prefix}${source.name}/`;
  const run = async (signal: AbortSignal): Promise<Outcome> => {
    const start = systemClock.monotonic();
    const { performed, decider, cleanUp } = await (settings.mode === "canary"
      ? canary(connection, folder, signal)
      : readOnly(connection, signal));
    const durationSeconds = (systemClock.monotonic() - start) / 1000;
    const all = cleanUp === undefined ? performed : [...performed, await cleanUp()];
    const evidence = { ...decider.evidence, durationSeconds, operations: all.map(({ operation }) => operation) };
    return failed(decider) ? down(decider.reason, evidence) : up(evidence);
  };
  return { target: targetOf(source), probe: { run } };
}

export const bucketKind: ProbeKind = {
  kind: "bucket",
  section,
  plan: (config, context) => planEntries<BucketSettings>(config, "bucket", (source, settings) => plan(source, settings, context)),
};
