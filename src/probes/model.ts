/** A model: one small completion, as a user's application would ask for it. */
import { z } from "zod";
import { oneLine } from "../base/printable.ts";
import type { CatalogueModel } from "../clients/openrouter/catalogue.ts";
import { type ChatReply, type ChatRequest, chat } from "../clients/openrouter/chat.ts";
import type { Finding } from "../clients/openrouter/connection.ts";
import type { Config, Credential, Entry } from "../config/config.ts";
import { entryFields, modelId, object, text } from "../config/schema.ts";
import type { Section } from "../config/section.ts";
import { degraded, down, type Outcome, up } from "../core/outcome.ts";
import type { Planned, Spend } from "../core/probe.ts";
import type { Reason } from "../core/reason.ts";
import { type Exercise, exercisesOf } from "./exercises.ts";
import { connectionOf, credentialOf, modelKey, type ProbeContext, type ProbeKind, planEntries, targetOf } from "./kind.ts";

// A model that must think needs room for it before its first visible word (openrouter-api §6: "a few hundred tokens").
const REASONING_TOKENS = 256;

const expectations = object({
  vision: z
    .boolean()
    .prefault(false)
    .meta({ description: "It must take images: the probe shows it a small red square and asks for the colour." }),
  tools: z.boolean().prefault(false).meta({ description: "It must call a tool when told to." }),
  schema: z.boolean().prefault(false).meta({ description: "It must keep to a JSON schema (`response_format: json_schema`)." }),
  answer: text.optional().meta({
    description: "The exact answer to `prompt`, white space around it aside. Without a prompt it is asked to reply with exactly this.",
    examples: ["pong"],
  }),
  free: z
    .boolean()
    .optional()
    .meta({ description: "The model must cost nothing. Default: `policy.require_free`.", examples: [true] }),
});

/** Fields of the request that have an option of their own; the plan and the budget count with those. */
const OWN_FIELDS: Readonly<Record<string, string>> = { model: "id", messages: "prompt", stream: "stream", max_tokens: "max_tokens" };

function refuseOwnFields(parameters: Record<string, unknown>, context: z.RefinementCtx): void {
  for (const [field, option] of Object.entries(OWN_FIELDS)) {
    if (!(field in parameters)) continue;
    const expected = `the option ${option} of the model for it`;
    context.addIssue({ code: "custom", path: [field], params: { found: `${field} among the parameters`, expected, fix: `use ${option}` } });
  }
}

const entry = object({
  id: modelId.describe("The model's id, as the API knows it."),
  credential: text
    .optional()
    .meta({ description: "Which credential to reach it with; not needed where there is only one.", examples: ["openrouter"] }),
  expect: expectations
    .prefault({})
    .describe(
      "What must hold of it. Of vision, tools, schema and answer, the first that is asked for is probed by the model's own target, each further one by a target of its own: NAME_tools, NAME_schema, NAME_answer.",
    ),
  stream: z.boolean().prefault(true).meta({ description: "Ask for the answer token by token; off, there is no time to the first token." }),
  prompt: text
    .optional()
    .meta({ description: "What to ask. Default: a request to count, which costs next to nothing.", examples: ["Say hello."] }),
  max_tokens: z
    .int()
    .min(16)
    .optional()
    .meta({
      description:
        "Most tokens of the answer. Default: 16, or what an expected answer needs, and 256 more for a model that must reason. Some providers refuse less than 16.",
      examples: [16],
    }),
  price: object({
    input: z
      .number()
      .min(0)
      .meta({ description: "USD per million input tokens.", examples: [0.15] }),
    output: z
      .number()
      .min(0)
      .meta({ description: "USD per million output tokens.", examples: [0.6] }),
  })
    .optional()
    .meta({
      description:
        "What it costs, where the catalogue does not tell; 0 for a server of your own. Otherwise the budget counts with the price of a dear model.",
    }),
  parameters: z
    .record(z.string(), z.unknown())
    .superRefine(refuseOwnFields)
    .prefault({})
    .meta({ description: "Further fields of the request's body, sent as they are.", examples: [{ temperature: 0 }] }),
  ...entryFields,
});
export type ModelSettings = z.output<typeof entry>;

const targetName = (name: string, exercise: Exercise): string => `${name}_${exercise.name}`;

const section: Section = {
  key: "models",
  kind: "model",
  entry,
  shorthand: "id",
  also: (name, settings) =>
    exercisesOf(settings as ModelSettings)
      .slice(1)
      .map((exercise) => targetName(name, exercise)),
  summary: "The models the application calls.",
};

/** Whether it must cost nothing, by its own word or the policy's. */
export const mustBeFree = (settings: ModelSettings, config: Config): boolean => settings.expect.free ?? config.policy.requireFree;

/**
 * Holds reasoning down where there is any (openrouter-api §6). A model that is not known yet gets the wish too, but not together with
 * `require_parameters`: one that knows no reasoning would then have no endpoint left.
 */
function reasoningOf(model: CatalogueModel | undefined, { undroppable }: Exercise): Record<string, unknown> {
  if (model?.reasoning === "mandatory") return { reasoning: { effort: "low" } };
  const wanted = model === undefined ? undroppable !== true : model.reasoning === "optional";
  return wanted ? { reasoning: { enabled: false } } : {};
}

/** Else a provider that lacks the feature is used all the same, and the feature silently dropped (§6). */
const allParameters = ({ undroppable }: Exercise): Record<string, unknown> =>
  undroppable === true ? { provider: { require_parameters: true } } : {};

/** Where nothing may be spent, the price is capped at nothing (§6). */
const priceCap = (free: boolean): Record<string, unknown> => (free ? { provider: { max_price: { prompt: 0, completion: 0 } } } : {});

/** Later ones win; what stands under `provider` in several adds up. */
function merged(...some: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown> {
  const all: Record<string, unknown> = Object.assign({}, ...some);
  const providers = some.flatMap(({ provider }) => (typeof provider === "object" && provider !== null ? [provider] : []));
  return providers.length === 0 ? all : { ...all, provider: Object.assign({}, ...providers) };
}

// The model works, only not for us just now: users see it too, but nobody is to be woken for it.
const DEGRADED: ReadonlySet<Reason> = new Set<Reason>(["rate_limited", "quota_exhausted"]);

function judge(exercise: Exercise, context: ProbeContext, { reason, evidence, value }: Finding<ChatReply>): Outcome {
  if (reason !== "ok" || value === undefined) return DEGRADED.has(reason) ? degraded(reason, evidence) : down(reason, evidence);
  const wrong = exercise.wrong(value);
  return wrong === undefined ? up(evidence) : down("wrong_answer", { ...evidence, message: oneLine(context.redactor.text(wrong)) });
}

/** One entry with everything that its probes are made from. */
interface Source {
  readonly entry: Entry;
  readonly settings: ModelSettings;
  readonly credential: Credential;
  /** It must cost nothing. */
  readonly free: boolean;
  readonly context: ProbeContext;
}

const NOTHING_USD = { input: 0, output: 0 } as const;

/** Refused, which costs nothing (400). Of another API's list it is not sure that it is whole. */
const isMissing = ({ context, credential, settings }: Source): boolean => {
  const key = modelKey(credential.name, settings.id);
  return credential.flavor === "openrouter" && context.seenModels.has(key) && context.seenModels.get(key) === undefined;
};

const seen = ({ context, credential, settings }: Source) => context.seenModels.get(modelKey(credential.name, settings.id));

function requestOf(source: Source, exercise: Exercise): ChatRequest {
  const { settings, credential, free } = source;
  const model = seen(source);
  // OpenAI itself refuses what it does not know with a 400.
  const ours = credential.flavor === "openrouter" ? merged(reasoningOf(model, exercise), priceCap(free), allParameters(exercise)) : {};
  return {
    model: settings.id,
    messages: [{ role: "user", content: exercise.content }],
    maxTokens: settings.maxTokens ?? exercise.maxTokens + (model?.reasoning === "mandatory" ? REASONING_TOKENS : 0),
    stream: settings.stream,
    parameters: merged(ours, exercise.parameters, settings.parameters),
  };
}

// A price that nobody tells is taken for a dear model's: a budget that counts with 0 is none. Own servers say `price: { input: 0, output: 0 }`.
const GUESSED_USD_PER_TOKEN = { input: 5e-6, output: 25e-6 } as const;
const MILLION = 1e6;

/** Quotas count ids that end in `:free`; a zero price without the suffix may count as well, so it is taken to (openrouter-api §4, §9). */
function spendOf(source: Source, exercise: Exercise): Spend {
  const { credential, settings } = source;
  const model = seen(source);
  const { maxTokens } = requestOf(source, exercise);
  const { price } = settings;
  const configured = price === undefined ? undefined : { input: price.input / MILLION, output: price.output / MILLION };
  const free = credential.flavor === "openrouter" && (settings.id.endsWith(":free") || model?.free === true);
  const known = configured ?? model?.priceUsdPerToken ?? (free || isMissing(source) ? NOTHING_USD : undefined);
  const usdPerToken = known ?? GUESSED_USD_PER_TOKEN;
  return {
    credential: credential.name,
    free,
    usd: exercise.inputTokens * usdPerToken.input + maxTokens * usdPerToken.output,
    tokens: exercise.inputTokens + maxTokens,
    usdPerToken,
    ...(known === undefined ? { guessed: true } : {}),
  };
}

function plan(source: Source): readonly Planned[] {
  const { entry: from, settings, credential, context } = source;
  const connection = connectionOf(credential, context);
  return exercisesOf(settings).map((exercise, index): Planned => {
    const name = index === 0 ? from.name : targetName(from.name, exercise);
    return {
      target: targetOf(from, { name, credential: credential.name, model: settings.id }),
      probe: { run: async (signal) => judge(exercise, context, await chat(connection, requestOf(source, exercise), signal)) },
      spend: () => spendOf(source, exercise),
    };
  });
}

export const modelKind: ProbeKind = {
  kind: "model",
  section,
  plan: (config, context) =>
    planEntries<ModelSettings>(config, "model", (from, settings) =>
      plan({ entry: from, settings, credential: credentialOf(config, settings.credential), free: mustBeFree(settings, config), context }),
    ),
};
