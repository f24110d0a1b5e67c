import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rootCauses } from "../../src/core/blame.ts";
import { degraded, down, type Evidence, type Probed, up } from "../../src/core/outcome.ts";
import type { Target } from "../../src/core/probe.ts";
import { type Reason, reasonNames } from "../../src/core/reason.ts";
import type { Sight } from "../../src/core/root-cause.ts";
import { aTarget } from "../support/targets.ts";

const MODELS = ["qwen", "kimi", "gemini", "deepseek", "gemma", "tongyi", "vl"];
const TARGETS: readonly Target[] = [
  aTarget({ name: "openrouter", kind: "credential", credential: "openrouter" }),
  aTarget({ name: "openrouter_catalog", kind: "catalog", credential: "openrouter" }),
  ...MODELS.map((name) => aTarget({ name, kind: "model", credential: "openrouter", model: `x/${name}` })),
  aTarget({ name: "files", kind: "bucket" }),
  aTarget({ name: "frontend", kind: "app", needs: ["files", "openrouter"] }),
  aTarget({ name: "site", kind: "app", needs: ["frontend"] }),
];
const answered = (statusCode: number): Evidence => ({ statusCode, via: statusCode === 0 ? "none" : "header" });
const fine = up(answered(200));
const is = (reason: Reason, code: number): Probed => down(reason, answered(code));
const GONE = is("connect_timeout", 0);

/** A catalogue in which these are not as they should be. */
const catalogue = (ailments: Readonly<Record<string, Reason>>): Probed =>
  degraded(Object.values(ailments)[0] ?? "model_missing", {
    ...answered(200),
    listings: MODELS.map((target) => {
      const ailment = ailments[target];
      return { target, credential: "openrouter", model: `x/${target}`, listed: ailment !== "model_missing", ...(ailment && { ailment }) };
    }),
  });

/** All is well but for these. */
const world = (ill: Readonly<Record<string, Probed>>): Sight[] =>
  TARGETS.map((target) => ({ target, outcome: ill[target.name] ?? fine, at: 1000, since: 1000, sightings: 1 }));
const causes = (ill: Readonly<Record<string, Probed>>) =>
  rootCauses(world(ill)).map(({ owner, reason, subject, explains }) => [owner, reason, subject, explains.toSorted().join(" ")]);
const all = (names: readonly string[], outcome: Probed): Record<string, Probed> => Object.fromEntries(names.map((name) => [name, outcome]));
const together = (...names: string[]): string => names.toSorted().join(" ");

describe("one broken thing is one root cause", () => {
  test("all is well", () => expect(causes({})).toEqual([]));

  test("a rejected key explains its models and the application that needs it", () => {
    const ill = {
      openrouter: is("unauthorized", 401),
      ...all(MODELS, is("unauthorized", 401)),
      frontend: is("app_status", 503),
      site: is("app_status", 502),
    };
    expect(causes(ill)).toEqual([["key", "unauthorized", "openrouter", together("openrouter", ...MODELS, "frontend", "site")]]);
  });

  test("a 401 that the key's own probe calls an outage is the API's", () => {
    const ill = { openrouter: is("gateway_error", 401), ...all(MODELS, is("unauthorized", 401)) };
    expect(causes(ill)).toEqual([["gateway", "gateway_error", "openrouter", together("openrouter", ...MODELS)]]);
  });

  test("a dead bucket explains the application, and what needs that", () => {
    expect(causes({ files: is("s3_slow_down", 503), frontend: is("app_status", 503), site: is("app_status", 500) })).toEqual([
      ["storage", "s3_slow_down", "files", together("files", "frontend", "site")],
    ]);
  });

  test("three dead model ids are three causes; the catalogue that names them is explained", () => {
    const ill = {
      ...all(["qwen", "kimi", "vl"], is("model_missing", 400)),
      openrouter_catalog: catalogue({ qwen: "model_missing", kimi: "model_missing", vl: "model_missing" }),
    };
    expect(causes(ill)).toEqual([
      ["request", "model_missing", "qwen", together("openrouter_catalog", "qwen")],
      ["request", "model_missing", "kimi", "kimi"],
      ["request", "model_missing", "vl", "vl"],
    ]);
  });

  test("the catalogue is the first to know of a model that left", () => {
    const ill = { openrouter_catalog: catalogue({ qwen: "model_missing", vl: "vision_unsupported" }) };
    expect(causes(ill)).toEqual([
      ["request", "model_missing", "qwen", together("openrouter_catalog", "qwen")],
      ["request", "vision_unsupported", "vl", "vl"],
    ]);
  });

  test("what the catalogue knows explains what the model's own probes made of it; another failure is another cause", () => {
    const missing = { openrouter_catalog: catalogue({ qwen: "model_missing" }) };
    expect(causes({ ...missing, qwen: is("bad_request", 400) })).toEqual([
      ["request", "model_missing", "qwen", together("openrouter_catalog", "qwen")],
    ]);
    expect(causes({ openrouter_catalog: catalogue({ qwen: "model_no_longer_free" }), qwen: is("provider_error", 502) })).toEqual([
      ["money", "model_no_longer_free", "qwen", "openrouter_catalog"],
      ["provider", "provider_error", "qwen", "qwen"],
    ]);
  });

  test("503 on all models is the provider side of the API; on one model it is that model's", () => {
    expect(causes(all(MODELS, is("provider_overloaded", 503)))).toEqual([
      ["provider", "provider_overloaded", "openrouter", together(...MODELS)],
    ]);
    expect(causes(all(["qwen"], is("provider_overloaded", 503)))).toEqual([["provider", "provider_overloaded", "qwen", "qwen"]]);
  });

  test("the API as a whole", () => {
    const ill = { ...all(["openrouter", "openrouter_catalog", ...MODELS], is("gateway_error", 502)), frontend: is("app_status", 503) };
    expect(causes(ill)).toEqual([
      ["gateway", "gateway_error", "openrouter", together("openrouter", "openrouter_catalog", ...MODELS, "frontend")],
    ]);
  });

  test("a spent quota explains the free models, money the paid ones", () => {
    const quota = degraded("quota_exhausted", answered(429));
    expect(causes({ ...all(["qwen", "kimi"], quota), ...all(["gemini"], is("payment_required", 402)) })).toEqual([
      ["money", "payment_required", "openrouter", "gemini"],
      ["quota", "quota_exhausted", "openrouter", together("kimi", "qwen")],
    ]);
  });

  test("nothing answers anywhere: our network, and nothing else", () => {
    expect(
      causes(
        all(
          TARGETS.map(({ name }) => name),
          GONE,
        ),
      ),
    ).toEqual([["network", "connect_timeout", "network", together(...TARGETS.map(({ name }) => name))]]);
  });

  test("models that were last looked at before the cut do not speak for the network", () => {
    const cut = ["openrouter", "openrouter_catalog", "files", "frontend", "site"];
    const seen = world(all(cut, GONE)).map((sight) => (cut.includes(sight.target.name) ? { ...sight, at: 2000 } : sight));
    expect(rootCauses(seen).map(({ subject, explains, kind }) => [subject, kind, together(...explains)])).toEqual([
      ["network", undefined, together(...cut)],
    ]);
    // One that was reached since proves it wrong.
    const reached = seen.map((sight) => (sight.target.name === "qwen" ? { ...sight, at: 3000 } : sight));
    expect(rootCauses(reached).map(({ subject }) => subject)).toEqual(["openrouter", "files"]);
  });

  test("one host that does not answer is not the network", () => {
    expect(causes({ files: GONE, frontend: is("app_status", 503), site: is("app_status", 503) })).toEqual([
      ["network", "connect_timeout", "files", together("files", "frontend", "site")],
    ]);
  });

  test("two things at once are two causes", () => {
    expect(causes({ files: is("s3_access_denied", 403), qwen: is("model_missing", 400) })).toEqual([
      ["request", "model_missing", "qwen", "qwen"],
      ["storage", "s3_access_denied", "files", "files"],
    ]);
  });

  test("the first user's night: storage, dead ids, and a frontend that only says 503", () => {
    const ill = {
      files: is("s3_bad_credentials", 403),
      ...all(["qwen", "kimi", "deepseek"], is("model_missing", 400)),
      frontend: is("app_status", 503),
    };
    expect(causes(ill).map(([, reason, subject]) => `${reason} ${subject}`)).toEqual([
      "model_missing qwen",
      "model_missing kimi",
      "model_missing deepseek",
      "s3_bad_credentials files",
    ]);
  });
});

test("a cause tells whose it is, and how often it was seen", () => {
  const rejected = world(all(MODELS, is("unauthorized", 401)));
  const told = { subject: "openrouter", kind: "credential", credential: "openrouter" };
  // Seen by all of them in the same moment: that may be one hiccup.
  expect(rootCauses(rejected)).toMatchObject([{ ...told, sightings: 1 }]);
  const spread = rejected.map((sight, at) => ({ ...sight, at: at * 10_000 }));
  expect(rootCauses(spread)).toMatchObject([{ ...told, sightings: MODELS.length }]);
  const short = rejected.map((sight, at) => ({ ...sight, at: at * 1_000 }));
  expect(rootCauses(short)[0]?.sightings).toBeLessThan(MODELS.length);
  const storage = world({ files: is("s3_slow_down", 503), frontend: is("app_status", 503) });
  const twice = storage.map((sight) => (sight.target.name === "files" ? { ...sight, sightings: 2 } : sight));
  // The application that needs it has seen nothing of its own.
  expect(rootCauses(storage)).toMatchObject([{ subject: "files", kind: "bucket", sightings: 1, explains: ["files", "frontend"] }]);
  expect(rootCauses(twice)).toMatchObject([{ subject: "files", kind: "bucket", sightings: 2 }]);
  const key = world({ openrouter: is("gateway_error", 502), frontend: is("app_status", 503) });
  expect(rootCauses(key)).toMatchObject([{ subject: "openrouter", sightings: 1, explains: ["openrouter", "frontend"] }]);
  const listed = world({ openrouter_catalog: catalogue({ qwen: "model_missing", kimi: "model_missing" }), qwen: is("model_missing", 400) });
  expect(rootCauses(listed)).toMatchObject([
    { subject: "qwen", kind: "model", credential: "openrouter", sightings: 1, down: true },
    { subject: "kimi", kind: "model", credential: "openrouter", sightings: 1, down: false },
  ]);
});

test("a 401 from before the key was good again says nothing any more", () => {
  const seen = world(all(["qwen", "kimi"], is("unauthorized", 401)));
  const later = seen.map((sight) =>
    sight.target.name === "openrouter" || sight.target.name === "kimi" ? { ...sight, at: 2000, since: 2000 } : sight,
  );
  expect(
    rootCauses(later.map((sight) => (sight.target.name === "kimi" ? { ...sight, at: 3000 } : sight))).flatMap(({ explains }) => explains),
  ).toEqual(["kimi"]);
});

test("whatever fails: everything that is not up is explained exactly once, nothing else is", () => {
  const outcome = fc.oneof(
    { weight: 3, arbitrary: fc.constant(fine) },
    fc
      .record({ reason: fc.constantFrom(...reasonNames), code: fc.constantFrom(0, 200, 401, 429, 500, 503), low: fc.boolean() })
      .map(({ reason, code, low }) => (low ? degraded : down)(reason, answered(code))),
  );
  fc.assert(
    fc.property(fc.array(outcome, { minLength: TARGETS.length, maxLength: TARGETS.length }), (outcomes) => {
      const sights = TARGETS.map((target, at) => ({ target, outcome: outcomes[at] ?? fine, at: 1000, since: 1000, sightings: 1 }));
      const found = rootCauses(sights);
      const explained = found.flatMap(({ explains }) => explains);
      expect(explained.toSorted()).toEqual(
        sights
          .filter(({ outcome: { verdict } }) => verdict !== "up")
          .map(({ target }) => target.name)
          .toSorted(),
      );
    }),
    { numRuns: 500 },
  );
});

test("a circle of needs ends", () => {
  const circle = ["a", "b"].map(
    (name, at, both): Sight => ({
      target: aTarget({ name, needs: [both[1 - at] ?? ""] }),
      outcome: is("app_status", 500),
      at: 1000,
      since: 1000,
      sightings: 1,
    }),
  );
  expect(
    rootCauses(circle)
      .flatMap(({ explains }) => explains)
      .toSorted(),
  ).toEqual(["a", "b"]);
});
