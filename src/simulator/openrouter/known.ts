/** Models that exist by name, so that configurations out of real life work here: one row each, prices in USD per token. */
export interface KnownModel {
  readonly id: string;
  readonly name: string;
  readonly context: number;
  readonly prompt: string;
  readonly completion: string;
  readonly sees?: true;
  readonly tools?: false;
  readonly reasons?: "mandatory" | "by default" | "on request";
  readonly expiresInDays?: number;
  readonly aliasOf?: string;
  /** Nobody serves it: `endpoints: []`. */
  readonly orphan?: true;
}

const free = { prompt: "0", completion: "0" } as const;

export const knownModels: readonly KnownModel[] = Object.freeze([
  { id: "qwen/qwen3-coder:free", name: "Qwen: Qwen3 Coder 480B A35B (free)", context: 262_144, ...free },
  { id: "qwen/qwen3-coder", name: "Qwen: Qwen3 Coder 480B A35B", context: 262_144, prompt: "0.00000022", completion: "0.00000095" },
  { id: "qwen/qwen2.5-vl-72b-instruct:free", name: "Qwen: Qwen2.5 VL 72B Instruct (free)", context: 32_768, ...free, sees: true },
  {
    id: "qwen/qwen2.5-vl-72b-instruct",
    name: "Qwen: Qwen2.5 VL 72B Instruct",
    context: 32_768,
    prompt: "0.00000025",
    completion: "0.00000075",
    sees: true,
  },
  { id: "google/gemini-2.0-flash-exp:free", name: "Google: Gemini 2.0 Flash Experimental (free)", context: 1_048_576, ...free, sees: true },
  {
    id: "google/gemini-2.0-flash-001",
    name: "Google: Gemini 2.0 Flash",
    context: 1_048_576,
    prompt: "0.0000001",
    completion: "0.0000004",
    sees: true,
  },
  { id: "moonshotai/kimi-k2:free", name: "MoonshotAI: Kimi K2 0711 (free)", context: 32_768, ...free },
  { id: "moonshotai/kimi-k2", name: "MoonshotAI: Kimi K2 0711", context: 131_072, prompt: "0.0000005", completion: "0.0000024" },
  {
    id: "deepseek/deepseek-chat-v3.1:free",
    name: "DeepSeek: DeepSeek V3.1 (free)",
    context: 163_840,
    ...free,
    reasons: "on request",
  },
  {
    id: "deepseek/deepseek-chat-v3.1",
    name: "DeepSeek: DeepSeek V3.1",
    context: 163_840,
    prompt: "0.0000002",
    completion: "0.0000008",
    reasons: "on request",
  },
  { id: "deepseek/deepseek-r1:free", name: "DeepSeek: R1 (free)", context: 163_840, ...free, tools: false, reasons: "by default" },
  {
    id: "deepseek/deepseek-r1",
    name: "DeepSeek: R1",
    context: 163_840,
    prompt: "0.0000007",
    completion: "0.0000024",
    tools: false,
    reasons: "by default",
  },
  {
    id: "alibaba/tongyi-deepresearch-30b-a3b:free",
    name: "Tongyi DeepResearch 30B A3B (free)",
    context: 131_072,
    ...free,
    reasons: "by default",
  },
  {
    id: "alibaba/tongyi-deepresearch-30b-a3b",
    name: "Tongyi DeepResearch 30B A3B",
    context: 131_072,
    prompt: "0.00000009",
    completion: "0.0000004",
    reasons: "by default",
  },
  { id: "google/gemma-3-27b-it:free", name: "Google: Gemma 3 27B (free)", context: 131_072, ...free, sees: true, tools: false },
  {
    id: "google/gemma-3-27b-it",
    name: "Google: Gemma 3 27B",
    context: 131_072,
    prompt: "0.00000009",
    completion: "0.00000016",
    sees: true,
    tools: false,
  },
  {
    id: "openai/gpt-4o-mini",
    name: "OpenAI: GPT-4o-mini",
    context: 128_000,
    prompt: "0.00000015",
    completion: "0.0000006",
    sees: true,
  },
  { id: "openai/gpt-4o", name: "OpenAI: GPT-4o", context: 128_000, prompt: "0.0000025", completion: "0.00001", sees: true },
  {
    id: "openai/gpt-oss-20b",
    name: "OpenAI: gpt-oss-20b",
    context: 131_072,
    prompt: "0.00000003",
    completion: "0.00000014",
    reasons: "mandatory",
  },
  { id: "openai/gpt-oss-20b:free", name: "OpenAI: gpt-oss-20b (free)", context: 131_072, ...free, reasons: "mandatory", expiresInDays: 21 },
  {
    id: "anthropic/claude-sonnet-4.5",
    name: "Anthropic: Claude Sonnet 4.5",
    context: 1_000_000,
    prompt: "0.000003",
    completion: "0.000015",
    sees: true,
    reasons: "on request",
  },
  {
    id: "~anthropic/claude-sonnet-latest",
    name: "Anthropic: Claude Sonnet Latest",
    context: 1_000_000,
    prompt: "0.000003",
    completion: "0.000015",
    sees: true,
    reasons: "on request",
    aliasOf: "anthropic/claude-sonnet-4.5",
  },
  {
    id: "anthropic/claude-3.5-haiku",
    name: "Anthropic: Claude 3.5 Haiku",
    context: 200_000,
    prompt: "0.0000008",
    completion: "0.000004",
    sees: true,
  },
  { id: "meta-llama/llama-3.3-70b-instruct:free", name: "Meta: Llama 3.3 70B Instruct (free)", context: 131_072, ...free },
  {
    id: "meta-llama/llama-3.3-70b-instruct",
    name: "Meta: Llama 3.3 70B Instruct",
    context: 131_072,
    prompt: "0.00000013",
    completion: "0.0000004",
  },
  { id: "mistralai/mistral-small-3.2-24b-instruct:free", name: "Mistral: Small 3.2 24B (free)", context: 131_072, ...free, sees: true },
  { id: "mistralai/mistral-nemo", name: "Mistral: Mistral Nemo", context: 131_072, prompt: "0.00000002", completion: "0.00000004" },
  { id: "nvidia/nemotron-nano-9b-v2", name: "NVIDIA: Nemotron Nano 9B V2", context: 131_072, ...free, reasons: "on request" },
  { id: "openrouter/auto", name: "Auto Router", context: 2_000_000, prompt: "-1", completion: "-1", sees: true },
  {
    id: "cognitivecomputations/dolphin3.0-mistral-24b:free",
    name: "Dolphin3.0 Mistral 24B (free)",
    context: 32_768,
    ...free,
    orphan: true,
  },
]);
