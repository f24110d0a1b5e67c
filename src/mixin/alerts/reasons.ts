/** Which alert takes a fault, by its reason and by what it is of. A reason without an answer here does not compile. */
import { type Kind, kinds, type Reason } from "../../core/reason.ts";
import type { RootCause } from "../../core/root-cause.ts";

export const faultAlertNames = [
  "ApiKeyRejected",
  "ApiKeyMalformed",
  "ApiKeyLimitLow",
  "PaymentRequired",
  "ModelRequestRejected",
  "ModelMissing",
  "ModelAtRisk",
  "ModelNoLongerFree",
  "ModelVisionLost",
  "RateLimited",
  "FreeQuotaSpent",
  "EmptyAnswers",
  "WrongAnswers",
  "ProviderUnavailable",
  "GatewayOutage",
  "NetworkUnreachable",
  "StorageUnavailable",
  "StorageAccessDenied",
  "StorageCorrupted",
  "AppUnavailable",
  "HealthdBug",
] as const;
export type FaultAlertName = (typeof faultAlertNames)[number];

/** What a fault is of: a target of a kind; most models of an API, behind which their providers fail; or the network, which is of no kind. */
export const places = [...kinds, "providers", "network"] as const;
export type Place = (typeof places)[number];

/** Where it differs: `down` when somebody is without what they need, `harmless` while nobody is yet. */
type Taken = FaultAlertName | { readonly down: FaultAlertName; readonly harmless: FaultAlertName };
type ByPlace = Readonly<Record<Place, Taken>>;

/** What stands outside of the API is the same for every reason that does not say better. */
const ELSEWHERE = { bucket: "StorageUnavailable", app: "AppUnavailable", network: "NetworkUnreachable" } as const;

const ofApi = (taken: Taken): ByPlace => ({
  model: taken,
  credential: taken,
  catalog: taken,
  providers: taken,
  ...ELSEWHERE,
});
const everywhere = (taken: Taken): ByPlace => ({ ...ofApi(taken), bucket: taken, app: taken, network: taken });
/** The API refuses the request; a storage that does so refuses access. */
const refused: ByPlace = { ...ofApi("ModelRequestRejected"), bucket: "StorageAccessDenied" };
const unreachable: ByPlace = ofApi("GatewayOutage");
/** Of a model it is the provider behind it; of the API's own pages it is the API. */
const slow: ByPlace = { ...ofApi("ProviderUnavailable"), credential: "GatewayOutage", catalog: "GatewayOutage" };
const rejected: ByPlace = { ...ofApi("ApiKeyRejected"), bucket: "StorageAccessDenied" };
const storage = { down: everywhere("StorageUnavailable"), denied: everywhere("StorageAccessDenied") } as const;

export const takenBy: Readonly<Record<Reason, ByPlace | null>> = {
  // Never of a fault.
  ok: null,
  dns: unreachable,
  connect_refused: unreachable,
  connect_timeout: unreachable,
  connection_reset: unreachable,
  proxy: unreachable,
  tls: unreachable,
  tls_expired: unreachable,
  timeout_headers: unreachable,
  stream_malformed: unreachable,
  body_malformed: unreachable,
  body_too_large: unreachable,
  gateway_error: unreachable,
  timeout_first_token: ofApi("ProviderUnavailable"),
  timeout_stall: slow,
  timeout_total: slow,
  stream_truncated: ofApi("ProviderUnavailable"),
  provider_error: ofApi("ProviderUnavailable"),
  provider_overloaded: ofApi("ProviderUnavailable"),
  // The catalogue counts nobody who serves it: unless its own probe agrees, it may be a moment's.
  model_unavailable: ofApi({ down: "ProviderUnavailable", harmless: "ModelAtRisk" }),
  // One model that says nothing is a ticket, most of an API's are an outage.
  empty_output: { ...ofApi("ProviderUnavailable"), model: "EmptyAnswers" },
  wrong_answer: ofApi("WrongAnswers"),
  bad_request: refused,
  not_found: { ...refused, bucket: "StorageUnavailable" },
  // The account's own settings rule the model out, by the catalogue; the application's key may have others.
  forbidden: { ...refused, model: { down: "ModelRequestRejected", harmless: "ModelAtRisk" } },
  // Two looks of the catalogue suffice: it has the last word on ids, and a model's own next probe can be hours away.
  model_missing: ofApi("ModelMissing"),
  model_no_longer_free: ofApi("ModelNoLongerFree"),
  vision_unsupported: ofApi("ModelVisionLost"),
  // Of a model: the key is good elsewhere (core/blame-rules.ts).
  unauthorized: { ...rejected, model: "ModelRequestRejected" },
  key_expired: rejected,
  key_malformed: { ...ofApi("ApiKeyMalformed"), bucket: "StorageAccessDenied" },
  payment_required: ofApi("PaymentRequired"),
  // Free models go on with a spent limit: nobody is woken before somebody is refused.
  key_limit: ofApi({ down: "PaymentRequired", harmless: "ApiKeyLimitLow" }),
  rate_limited: ofApi("RateLimited"),
  quota_exhausted: ofApi("FreeQuotaSpent"),
  s3_no_such_bucket: storage.down,
  s3_slow_down: storage.down,
  s3_error: storage.down,
  s3_access_denied: storage.denied,
  s3_bad_credentials: storage.denied,
  s3_clock_skew: storage.denied,
  s3_wrong_region: storage.denied,
  s3_integrity: everywhere("StorageCorrupted"),
  app_status: everywhere("AppUnavailable"),
  app_body: everywhere("AppUnavailable"),
  prober_fault: everywhere("HealthdBug"),
};

type Fault = Pick<RootCause, "reason" | "kind" | "owner" | "down">;

/** The alert that takes this fault, by the same table as its rule. */
export function alertOf({ reason, kind, owner, down }: Fault): FaultAlertName | undefined {
  const place: Place = kind === undefined ? "network" : kind === "credential" && owner === "provider" ? "providers" : kind;
  const taken = takenBy[reason]?.[place];
  if (taken === undefined || typeof taken === "string") return taken;
  return down ? taken.down : taken.harmless;
}

/** Which of its faults an alert takes: reasons that are taken in the same places, together. */
export interface Share {
  readonly reasons: readonly Reason[];
  readonly places: readonly Place[];
  /** Only those that leave somebody without, or only those that do not; absent: both. */
  readonly down?: boolean;
}

/** Whether, and on which condition, the alert takes what an entry gives. */
function condition(taken: Taken, name: FaultAlertName): { readonly down?: boolean } | undefined {
  if (typeof taken === "string") return taken === name ? {} : undefined;
  if (taken.down === name) return { down: true };
  return taken.harmless === name ? { down: false } : undefined;
}

export function sharesOf(name: FaultAlertName): readonly Share[] {
  const shares = new Map<string, Share & { readonly reasons: Reason[] }>();
  for (const [reason, byPlace] of Object.entries(takenBy) as [Reason, ByPlace | null][]) {
    if (byPlace === null) continue;
    const taking = places.flatMap((place) => {
      const found = condition(byPlace[place], name);
      return found === undefined ? [] : [{ place, ...found }];
    });
    for (const [down, some] of Map.groupBy(taking, (one) => one.down)) {
      const key = `${down} ${some.map(({ place }) => place).join()}`;
      const share = shares.get(key) ?? { reasons: [], places: some.map(({ place }) => place), ...(down === undefined ? {} : { down }) };
      share.reasons.push(reason);
      shares.set(key, share);
    }
  }
  return [...shares.values()];
}

export const isKind = (place: Place): place is Kind => (kinds as readonly Place[]).includes(place);
