import type { Simulator } from "../../simulator/index.ts";

/** The seven models of the first user, and what their application stands on, all on the simulator. */
export function demoConfig({ openrouterUrl, s3Url, appUrl, credentials }: Simulator): string {
  return `credentials:
  openrouter: { api_key: ${credentials.apiKey}, base_url: "${openrouterUrl}", every: 5s, timeout: 4s, catalog: { every: 15s, timeout: 10s } }
models:
  qwen_coder: qwen/qwen3-coder:free
  qwen_vl: { id: "qwen/qwen2.5-vl-72b-instruct:free", expect: { vision: true } }
  gemini_flash: { id: "google/gemini-2.0-flash-exp:free", expect: { vision: true } }
  kimi_k2: moonshotai/kimi-k2:free
  deepseek_v3: deepseek/deepseek-chat-v3.1:free
  tongyi_research: alibaba/tongyi-deepresearch-30b-a3b:free
  gemma_27b: { id: "google/gemma-3-27b-it:free", expect: { vision: true } }
buckets:
  files:
    bucket: ${credentials.bucket}
    endpoint: "${s3Url}"
    region: ${credentials.region}
    access_key_id: ${credentials.accessKeyId}
    secret_access_key: ${credentials.secretAccessKey}
apps:
  frontend: { url: "${appUrl}", needs: [files, openrouter] }
defaults: { every: 5s, timeout: 4s }
policy: { require_free: true }
budget: { free_quota_share: 1, free_requests_per_minute: 1000 }
`;
}
