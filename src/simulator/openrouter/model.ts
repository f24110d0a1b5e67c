/** The model object as it stands on the wire (openrouter-api §4). */
export interface Model {
  readonly id: string;
  readonly canonical_slug: string;
  readonly hugging_face_id: string | null;
  readonly name: string;
  readonly created: number;
  readonly description: string;
  readonly context_length: number | null;
  readonly architecture: {
    readonly modality: string | null;
    readonly input_modalities: readonly string[];
    readonly output_modalities: readonly string[];
    readonly tokenizer: string;
    readonly instruct_type: string | null;
  };
  readonly pricing: Readonly<Record<string, string>> & { readonly prompt: string; readonly completion: string };
  readonly top_provider: {
    readonly context_length: number | null;
    readonly max_completion_tokens: number | null;
    readonly is_moderated: boolean;
  };
  readonly per_request_limits: null;
  readonly supported_parameters: readonly string[];
  readonly default_parameters: Readonly<Record<string, number | null>> | null;
  readonly supported_voices: null;
  readonly knowledge_cutoff: string | null;
  readonly expiration_date: string | null;
  readonly reasoning?: { readonly mandatory: boolean; readonly default_enabled: boolean; readonly supported_efforts: readonly string[] };
  readonly alias_target?: { readonly slug: string; readonly name: string };
  readonly links: { readonly details: string };
}

export const isFree = (model: Model): boolean => Number(model.pricing.prompt) === 0 && Number(model.pricing.completion) === 0;
