import { between, pick, type Random } from "../random.ts";
import type { Model } from "./model.ts";

/** Who serves a model, as `/models/{author}/{slug}/endpoints` lists it (openrouter-api §5). */
export interface Endpoint {
  readonly name: string;
  readonly model_id: string;
  readonly model_name: string;
  readonly context_length: number | null;
  readonly pricing: Model["pricing"];
  readonly provider_name: string;
  readonly tag: string;
  readonly quantization: string | null;
  readonly max_completion_tokens: number | null;
  readonly max_prompt_tokens: null;
  readonly supported_parameters: readonly string[];
  readonly status: number;
  readonly uptime_last_5m: number | null;
  readonly uptime_last_30m: number | null;
  readonly uptime_last_1d: number | null;
  readonly supports_implicit_caching: boolean;
  readonly supports_tool_choice: ToolChoice;
  readonly latency_last_30m: Percentiles | null;
  readonly throughput_last_30m: Percentiles | null;
}

interface ToolChoice {
  readonly auto: boolean;
  readonly none: boolean;
  readonly required: boolean;
  readonly function: boolean;
}

interface Percentiles {
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p99: number;
}

export const providers = [
  { name: "DeepInfra", slug: "deepinfra" },
  { name: "Chutes", slug: "chutes" },
  { name: "Novita", slug: "novita" },
  { name: "Together", slug: "together" },
  { name: "Fireworks", slug: "fireworks" },
  { name: "Venice", slug: "venice" },
  { name: "OpenAI", slug: "openai" },
  { name: "Anthropic", slug: "anthropic" },
  { name: "Google AI Studio", slug: "google-ai-studio" },
  { name: "Mistral", slug: "mistral" },
  { name: "Nvidia", slug: "nvidia" },
] as const;
type Provider = (typeof providers)[number];

const AT_HOME: Readonly<Record<string, string>> = {
  openai: "OpenAI",
  anthropic: "Anthropic",
  "~anthropic": "Anthropic",
  google: "Google AI Studio",
  mistralai: "Mistral",
  nvidia: "Nvidia",
};
const HOSTS = [providers[0], providers[1], providers[2], providers[3], providers[4], providers[5]] as const;

interface Health {
  readonly status: number;
  readonly uptime: number | null;
}

// What a real page shows: mostly well, a degraded one inside the published band, one with too little traffic to tell.
const HEALTH: readonly [Health, ...Health[]] = [
  { status: 0, uptime: 99.87 },
  { status: 0, uptime: 99.2 },
  { status: 0, uptime: 100 },
  { status: -2, uptime: 92.1 },
  { status: 0, uptime: null },
];

const spread = (p50: number): Percentiles => ({ p50, p75: p50 * 1.4, p90: p50 * 2.2, p99: p50 * 6 });

function endpoint(model: Model, provider: Provider, random: Random): Endpoint {
  const { status, uptime } = pick(random, HEALTH);
  const gratis = model.id.endsWith(":free");
  const calls = model.supported_parameters.includes("tool_choice");
  return {
    name: `${provider.name} | ${model.canonical_slug}`,
    model_id: model.canonical_slug,
    model_name: model.name,
    context_length: model.context_length,
    pricing: model.pricing,
    provider_name: provider.name,
    tag: provider.slug,
    quantization: pick(random, ["fp8", "bf16", "unknown", "fp4"]),
    max_completion_tokens: model.top_provider.max_completion_tokens,
    max_prompt_tokens: null,
    supported_parameters: model.supported_parameters,
    status,
    uptime_last_5m: uptime,
    uptime_last_30m: uptime,
    uptime_last_1d: uptime === null ? null : Math.min(100, uptime + 0.1),
    supports_implicit_caching: false,
    supports_tool_choice: { auto: calls, none: calls, required: calls, function: calls },
    // All 16 free endpoints had none of these when somebody looked (openrouter-api §5).
    latency_last_30m: gratis ? null : spread(between(random, 250, 1_500)),
    throughput_last_30m: gratis ? null : spread(between(random, 20, 140)),
  };
}

export function endpointsOf(model: Model, random: Random): Endpoint[] {
  const author = model.id.split("/")[0] ?? "";
  const home = providers.find(({ name }) => name === AT_HOME[author]);
  if (home !== undefined) return [endpoint(model, home, random)];
  const count = model.id.endsWith(":free") ? 1 : between(random, 1, 4);
  const first = between(random, 0, HOSTS.length - 1);
  return Array.from({ length: count }, (_, index) => endpoint(model, HOSTS[(first + index) % HOSTS.length] ?? HOSTS[0], random));
}
