/** A model: one small streamed completion, as a user's application would ask for it. */
import { z } from "zod";
import { chat } from "../clients/openrouter/chat.ts";
import type { Config, Credential, Entry } from "../config/config.ts";
import { entryFields, modelId, object, text } from "../config/schema.ts";
import type { Section } from "../config/section.ts";
import { degraded, down, type Outcome, up } from "../core/outcome.ts";
import type { Reason } from "../core/reason.ts";
import {
  connectionOf,
  credentialOf,
  modelKey,
  type PlannedProbe,
  type ProbeContext,
  type ProbeKind,
  planEntries,
  targetOf,
} from "./kind.ts";
import { RED_SQUARE_PNG } from "./red-square.ts";

// Some providers refuse less than 16 tokens with a 400 that would look like the user's fault (openrouter-api §6).
const MIN_TOKENS = 16;
// A model that must think needs room for it before its first visible word (§6: "a few hundred tokens").
const REASONING_TOKENS = 256;
// Long enough that the token limit, not the answer, ends it: so that the pace between tokens can be measured.
const PROMPT = "Count from one to twenty in English words, separated by spaces.";
const VISION_PROMPT = "What is the colour of this square? Answer with one word.";

const expectations = object({
  vision: z.boolean().prefault(false).describe("The model must take images: the probe sends a small PNG with its question."),
  free: z
    .boolean()
    .optional()
    .meta({ description: "The model must cost nothing. Default: `policy.require_free`.", examples: [true] }),
});

const entry = object({
  id: modelId.describe("The model's id, as the API knows it."),
  credential: text
    .optional()
    .meta({ description: "Which credential to reach it with; not needed where there is only one.", examples: ["openrouter"] }),
  expect: expectations.prefault({}).describe("What must hold of it."),
  prompt: text
    .optional()
    .meta({ description: "What to ask. Default: a request to count, which costs next to nothing.", examples: ["Say hello."] }),
  max_tokens: z
    .int()
    .min(MIN_TOKENS)
    .optional()
    .meta({
      description: "Most tokens of the answer. Default: 16, or 256 for a model that must reason. Some providers refuse less than 16.",
      examples: [16],
    }),
  parameters: z
    .record(z.string(), z.unknown())
    .prefault({})
    .meta({ description: "Further fields of the request's body, sent as they are.", examples: [{ temperature: 0 }] }),
  ...entryFields,
});
export type ModelSettings = z.output<typeof entry>;

const section: Section = { key: "models", kind: "model", entry, shorthand: "id", summary: "The models the application calls." };

/** Whether it must cost nothing, by its own word or the policy's. */
export const mustBeFree = (settings: ModelSettings, config: Config): boolean => settings.expect.free ?? config.policy.requireFree;

function messages(settings: ModelSettings): readonly unknown[] {
  if (!settings.expect.vision) return [{ role: "user", content: settings.prompt ?? PROMPT }];
  // Text first, and a data URL: a third host that fails must not look like the model failing (§6).
  const question = { type: "text", text: settings.prompt ?? VISION_PROMPT };
  return [{ role: "user", content: [question, { type: "image_url", image_url: { url: RED_SQUARE_PNG } }] }];
}

/** Holds reasoning down, and caps the price at nothing where nothing may be spent (§6). */
function openrouterParameters(mandatoryReasoning: boolean, free: boolean): Record<string, unknown> {
  return {
    reasoning: mandatoryReasoning ? { effort: "low" } : { enabled: false },
    ...(free ? { provider: { max_price: { prompt: 0, completion: 0 } } } : {}),
  };
}

// The model works, only not for us just now: users see it too, but nobody is to be woken for it.
const DEGRADED: ReadonlySet<Reason> = new Set<Reason>(["rate_limited", "quota_exhausted"]);

function plan(config: Config, source: Entry, settings: ModelSettings, context: ProbeContext): PlannedProbe {
  const credential: Credential = credentialOf(config, settings.credential);
  const connection = connectionOf(credential, context);
  const free = mustBeFree(settings, config);
  const run = async (signal: AbortSignal): Promise<Outcome> => {
    const mandatory = context.seenModels.get(modelKey(credential.name, settings.id))?.reasoning === "mandatory";
    const openrouter = credential.flavor === "openrouter";
    const request = {
      model: settings.id,
      messages: messages(settings),
      maxTokens: settings.maxTokens ?? (mandatory ? REASONING_TOKENS : MIN_TOKENS),
      parameters: { ...(openrouter ? openrouterParameters(mandatory, free) : {}), ...settings.parameters },
    };
    const { reason, evidence } = await chat(connection, request, signal);
    if (reason === "ok") return up(evidence);
    return DEGRADED.has(reason) ? degraded(reason, evidence) : down(reason, evidence);
  };
  return { target: targetOf(source, { credential: credential.name, model: settings.id }), probe: { run } };
}

export const modelKind: ProbeKind = {
  kind: "model",
  section,
  plan: (config, context) => planEntries<ModelSettings>(config, "model", (source, settings) => plan(config, source, settings, context)),
};
