/** Sections as the probe kinds would write them; the config room's tests need some. */
import { z } from "zod";
import { bucketName, duration, entryFields, headers, modelId, object, secretText, text, url, variable } from "../../src/config/schema.ts";
import type { Section } from "../../src/config/section.ts";

const models: Section = {
  key: "models",
  kind: "model",
  shorthand: "id",
  summary: "Models to ask. `NAME: id` is short for `NAME: { id: id }`.",
  entry: object({
    id: modelId.meta({ description: "The id as the API lists it." }),
    credential: text.optional().meta({ description: "Which credential. Default: the only one.", examples: ["openrouter"] }),
    expect: object({
      vision: z.boolean().prefault(false).meta({ description: "It must take images." }),
      free: z.boolean().prefault(false).meta({ description: "It must cost nothing." }),
    })
      .prefault({})
      .meta({ description: "What must hold." }),
    prompt: text.optional().meta({ description: "What is asked.", examples: ["Say ok."] }),
    max_tokens: z
      .int()
      .min(16)
      .optional()
      .meta({ description: "Longest answer.", examples: [16] }),
    first_token: duration.optional().meta({ description: "Slowest first token that is fine.", examples: ["10s"] }),
    ...entryFields,
  }),
};

const buckets: Section = {
  key: "buckets",
  kind: "bucket",
  summary: "S3 buckets to read and write.",
  entry: object({
    bucket: bucketName.meta({ description: "Its name." }),
    endpoint: url.optional().meta({ description: "Where the storage answers.", examples: ["https://storage.example.net"] }),
    region: text.prefault("us-east-1").meta({ description: "Its region." }),
    access_key_id: secretText.meta({ description: "Key id.", examples: [variable("S3_KEY")] }),
    secret_access_key: secretText.meta({ description: "Secret key.", examples: [variable("S3_SECRET")] }),
    session_token: secretText.optional().meta({ description: "Token of a temporary key.", examples: [variable("S3_TOKEN")] }),
    mode: z.enum(["canary", "read_only"]).prefault("canary").meta({ description: "Write a canary object, or only look." }),
    ...entryFields,
  }),
};

const apps: Section = {
  key: "apps",
  kind: "app",
  summary: "Applications to call.",
  entry: object({
    url: url.meta({ description: "What is called." }),
    method: z.enum(["GET", "HEAD"]).prefault("GET").meta({ description: "How." }),
    headers: headers.prefault({}).meta({ description: "Sent along." }),
    expect: object({
      status: z
        .union([z.int().min(100).max(599), z.array(z.int().min(100).max(599))])
        .prefault(200)
        .meta({ description: "Status codes that are fine.", title: "a status code or a list of them", examples: [200] }),
      body: text.optional().meta({ description: "Text the page must hold.", examples: ["ok"] }),
    })
      .prefault({})
      .meta({ description: "What must hold." }),
    ...entryFields,
  }),
};

export const sections: readonly Section[] = [models, buckets, apps];
