/** The web config file's schema: the format of Prometheus' exporter-toolkit. Its descriptions are the docs (docs.ts). */
import { z } from "zod";
import { object, reading } from "../../config/schema.ts";
import { curveNames, suiteNames, versionNames } from "./tls-names.ts";

const optionalText = (title: string) => z.string().optional().meta({ title });

/** Go's crypto/tls.ClientAuthType; RequireClientCert is an old name of RequireAnyClientCert. */
export const clientAuthTypes = [
  "NoClientCert",
  "RequestClientCert",
  "RequireAnyClientCert",
  "RequireClientCert",
  "VerifyClientCertIfGiven",
  "RequireAndVerifyClientCert",
] as const;

export const tlsSchema = object({
  cert_file: optionalText("a file name").meta({
    description: "The server's certificate in PEM, those of its issuers after it.",
    examples: ["server.crt"],
  }),
  key_file: optionalText("a file name").meta({ description: "Its private key in PEM.", examples: ["server.key"] }),
  cert: optionalText("PEM").meta({ description: "The certificate itself; a file wins over it." }),
  key: optionalText("PEM").meta({ description: "The key itself; a file wins over it.", writeOnly: true }),
  client_auth_type: z
    .enum(["", ...clientAuthTypes])
    .optional()
    .meta({
      description:
        "Whether clients show a certificate. Only RequireAndVerifyClientCert keeps strangers out; RequireAnyClientCert takes a certificate from anybody.",
      title: `one of ${clientAuthTypes.join(", ")}`,
      examples: ["RequireAndVerifyClientCert"],
    }),
  client_ca_file: optionalText("a file name").meta({
    description: "Who may issue clients' certificates. Default: the certificate authorities of the web.",
    examples: ["client-ca.crt"],
  }),
  client_ca: optionalText("PEM").meta({ description: "The same itself; a file wins over it." }),
  client_allowed_sans: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({
      description: "The client's certificate must name one of these exactly: DNS name, e-mail, IP address or URI.",
      title: "a list of names",
      examples: [["prometheus.example.net"]],
    }),
  min_version: z.enum(versionNames).prefault("TLS12").meta({ description: "The oldest TLS that is spoken." }),
  max_version: z.enum(versionNames).prefault("TLS13").meta({ description: "The newest." }),
  cipher_suites: z
    .array(z.enum(suiteNames))
    .optional()
    .meta({
      description: "For TLS 1.2 and older, by Go's names; TLS 1.3's own are always on. Default: all with forward secrecy.",
      title: "a list of cipher suites",
      examples: [["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]],
    }),
  curve_preferences: z
    .array(z.enum(curveNames))
    .optional()
    .meta({ description: `Of ${curveNames.join(", ")}, the best first.`, title: "a list of curves", examples: [["X25519", "CurveP256"]] }),
  prefer_server_cipher_suites: z.boolean().prefault(true).meta({ description: "The order of cipher_suites decides, not the client's." }),
});

// Control characters would end the header, or be refused when it is sent.
const headerValue = z
  .string()
  .superRefine((value, context) => {
    if (/^[\t\x20-\x7e]*$/.test(value)) return;
    const problem = { found: "a value with a line break or a letter outside ASCII", expected: "a header's value" };
    context.addIssue({ code: "custom", params: { ...problem, fix: "write one line of ASCII" } });
  })
  .optional()
  .meta({ title: "text" });

const responseHeaders = object({
  "Content-Security-Policy": headerValue.meta({ description: "In place of the status page's own." }),
  "X-Frame-Options": z.enum(["deny", "sameorigin"]).optional().meta({ description: "In place of deny." }),
  "X-Content-Type-Options": z.enum(["nosniff"]).optional().meta({ description: "Is always sent." }),
  "X-XSS-Protection": headerValue.meta({ description: "For browsers that still look at it." }),
  "Strict-Transport-Security": headerValue.meta({
    description: "Browsers then refuse plain HTTP for the whole host.",
    examples: ["max-age=31536000"],
  }),
});

const http = object({
  http2: z.boolean().prefault(true).meta({ description: "Also speak HTTP/2; only over TLS, where HTTP/1.1 stays." }),
  headers: responseHeaders.prefault({}).meta({ description: "Sent with every answer. No others can be set." }),
});

/** Seconds from a duration as Go writes it: `1h15m30.5s`, `500ms`, `0`. */
export const goDuration = reading((text) => {
  const UNITS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, μs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };
  const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
  if (/^[+-]?0$/.test(text)) return 0;
  if (!/^\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return { fix: "write an amount and a unit: ms, s, m or h" };
  return [...text.matchAll(PART)].reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ""] ?? Number.NaN), 0);
}).meta({ title: "a duration", examples: ["100ms", "1s"] });

export const rateLimitSchema = object({
  interval: z
    .union([goDuration, z.literal(0)])
    .prefault("0s")
    .meta({
      description: "One request more is allowed after each such time, for all clients together; 0 is no limit.",
      title: "a duration",
      examples: ["100ms"],
    }),
  burst: z.int().min(0).prefault(0).meta({ description: "How many requests may come at once." }),
});

const BCRYPT = /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;
const bcryptHash = reading((text) =>
  BCRYPT.test(text)
    ? text
    : {
        found: `a text of ${text.length} characters that is no bcrypt hash`,
        expected: "a bcrypt hash: $2y$, the cost, $ and 53 characters",
        fix: "make one with `htpasswd -nBC 12 NAME`, and write what stands behind the colon",
      },
).meta({ title: "a bcrypt hash", writeOnly: true });

export const webConfigSchema = object({
  tls_server_config: tlsSchema
    .prefault({})
    .meta({ description: "TLS is on as soon as a certificate, key, client CA or client_auth_type is set." }),
  http_server_config: http.prefault({}).meta({ description: "HTTP/2 and headers." }),
  basic_auth_users: z.record(z.string(), bcryptHash).prefault({}).meta({
    description: "User names to bcrypt hashes. Without any, nobody is asked for a password.",
    title: "user names and bcrypt hashes",
  }),
  rate_limit: rateLimitSchema.prefault({}).meta({ description: "A token bucket over all requests; what is over it is answered with 429." }),
});

export type WebConfigFile = z.output<typeof webConfigSchema>;
export type TlsSettings = z.output<typeof tlsSchema>;
export type RateLimit = z.output<typeof rateLimitSchema>;
