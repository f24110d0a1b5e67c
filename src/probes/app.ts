/** The application itself: a URL that must answer with the expected status and text. */
import { z } from "zod";
import { oneLine } from "../base/printable.ts";
import { exchange, type HttpExchange, type HttpRequest } from "../clients/http/exchange.ts";
import type { Entry } from "../config/config.ts";
import { entryFields, headers, object, text, url } from "../config/schema.ts";
import type { Section } from "../config/section.ts";
import { down, type Evidence, type Outcome, up } from "../core/outcome.ts";
import type { Planned } from "../core/probe.ts";
import { type ProbeContext, type ProbeKind, planEntries, targetOf } from "./kind.ts";

const status = z.int().min(100).max(599);
const entry = object({
  url: url.describe("What to ask for.").meta({ examples: ["https://app.example.net/health"] }),
  method: z.enum(["GET", "HEAD"]).prefault("GET").describe("How to ask."),
  headers: headers.prefault({}).describe("Headers to send with it."),
  expect: object({
    status: z
      .union([status, z.array(status).min(1)])
      .prefault(200)
      .describe("The status, or a list of them, that is as it should be. Redirects are followed, unless one is expected here."),
    body: text.optional().meta({ description: "Text that must stand in the answer.", examples: ["ok"] }),
  })
    .prefault({})
    .describe("What a healthy answer looks like."),
  ...entryFields,
});
export type AppSettings = z.output<typeof entry>;

const section: Section = { key: "apps", kind: "app", entry, summary: "The applications that stand on all this, and what each needs." };

// Browsers give up at 20; a health URL with more than five hops is a loop.
const MAX_REDIRECTS = 5;
const isRedirect = (status: number): boolean => status >= 300 && status < 400;
const ERROR_BODY_CHARS = 16 * 1024;

/** Names of a query stay, values go: tokens travel there. */
function withoutQuery(url: string): string {
  const address = new URL(url);
  for (const name of new Set(address.searchParams.keys())) address.searchParams.set(name, "hidden");
  return address.href;
}

/** What stays the same from probe to probe. */
interface App {
  readonly settings: AppSettings;
  readonly request: HttpRequest;
  /** How it was asked, as anybody may read it. */
  readonly asked: NonNullable<Evidence["request"]>;
}

function evidenceOf({ asked }: App, exchanged: HttpExchange, context: ProbeContext, message?: string): Evidence {
  const { status, phases, durationSeconds, certificateExpiresAt, clockSkewSeconds, body } = exchanged;
  const page =
    message === undefined ? "" : context.redactor.text(body.toString("utf8", 0, 16 * ERROR_BODY_CHARS)).slice(0, ERROR_BODY_CHARS);
  return {
    statusCode: status,
    via: status === 0 ? "none" : "header",
    phases,
    durationSeconds,
    ...(certificateExpiresAt === undefined ? {} : { certificateExpiresAt }),
    ...(clockSkewSeconds === undefined ? {} : { clockSkewSeconds }),
    ...(message === undefined ? {} : { message: oneLine(context.redactor.text(message)) }),
    ...(page === "" ? {} : { errorBody: page }),
    request: asked,
  };
}

function judge(app: App, exchanged: HttpExchange, context: ProbeContext): Outcome {
  const evidence = (message?: string): Evidence => evidenceOf(app, exchanged, context, message);
  const { expect } = app.settings;
  const allowed = [expect.status].flat();
  // An unexpected status says more than a body that broke off after it.
  if (exchanged.status !== 0 && !allowed.includes(exchanged.status)) {
    const why = exchanged.fault === undefined ? "" : ` (${exchanged.fault.message})`;
    return down("app_status", evidence(`answered ${exchanged.status}, expected ${allowed.join(" or ")}${why}`));
  }
  if (exchanged.fault !== undefined) return down(exchanged.fault.reason, evidence(exchanged.fault.message));
  const { body } = expect;
  if (body !== undefined && !exchanged.body.includes(body)) return down("app_body", evidence(`the answer lacks ${JSON.stringify(body)}`));
  return up(evidence());
}

function plan(source: Entry, settings: AppSettings, context: ProbeContext): Planned {
  const { method, url, headers, expect } = settings;
  const maxRedirects = [expect.status].flat().some(isRedirect) ? 0 : MAX_REDIRECTS;
  const request: HttpRequest = { method, url: new URL(url), headers, maxRedirects, route: context.route };
  const app: App = { settings, request, asked: { method, url: context.redactor.text(withoutQuery(url)) } };
  return {
    target: targetOf(source),
    probe: { run: async (signal) => judge(app, await exchange(request, signal), context) },
  };
}

export const appKind: ProbeKind = {
  kind: "app",
  section,
  plan: (config, context) => planEntries<AppSettings>(config, "app", (source, settings) => plan(source, settings, context)),
};
