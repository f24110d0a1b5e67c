/** Where a redirect leads, and on from there. The only door to got: an exchange without redirects needs nothing of it. */
import type { IncomingHttpHeaders, RequestOptions } from "node:http";
import { Readable } from "node:stream";
import type { ExtendOptions, Got } from "got";
import { type Journey, makeNative } from "./journey.ts";

const COMMON: ExtendOptions = {
  retry: { limit: 0 },
  throwHttpErrors: false,
  followRedirect: true,
};
let loaded: Promise<Got> | undefined;
const client = (): Promise<Got> => {
  loaded ??= import("got").then(({ default: got }) => got.extend(COMMON));
  return loaded;
};

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Whether this answer is a redirect that is to be followed. */
export const leadsOn = ({ request: { maxRedirects = 0 }, seen: { status, headers } }: Journey): boolean =>
  maxRedirects > 0 && REDIRECTS.has(status) && headers.location !== undefined && headers.location !== "";

/** The body of the answer that a redirect led to; each request on its own way. got has the first answer from us, and makes of it what it would of its own. */
export async function follow(journey: Journey): Promise<Readable> {
  const { request, signal, seen } = journey;
  const got = await client();
  const { origin } = journey.url;
  const names = Object.keys(request.headers ?? {}).map((name) => name.toLowerCase());
  let first: { readonly statusCode: number; readonly headers: IncomingHttpHeaders } | undefined = {
    statusCode: seen.status,
    headers: seen.headers,
  };
  const stream = got.stream(journey.url, {
    method: request.method,
    headers: { ...journey.headers },
    ...(request.body === undefined ? {} : { body: request.body }),
    maxRedirects: request.maxRedirects ?? 0,
    signal,
    hooks: {
      beforeRedirect: [
        (next) => {
          journey.url = new URL(String(next.url));
          journey.way = journey.wayOf(journey.url);
          // got takes away Authorization and Cookie; a key may also be in a header of another name.
          if (journey.url.origin !== origin) for (const name of names) delete next.headers[name];
        },
      ],
    },
    request(_, options) {
      if (first === undefined) return makeNative(journey, options as RequestOptions);
      const answer = Object.assign(Readable.from([]), first);
      first = undefined;
      return answer as unknown as ReturnType<typeof makeNative>;
    },
  });
  // got waits for a body to be piped into every method that may have one.
  if (request.body === undefined && request.method !== "GET" && request.method !== "HEAD") stream.end();
  return stream;
}
