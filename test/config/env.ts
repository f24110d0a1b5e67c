/** The environment every config file under test is read in. */
export const env = {
  OPENROUTER_API_KEY: "sk-or-v1-0123456789abcdef",
  OTHER_KEY: "other-0123456789",
  S3_KEY: "AKIAEXAMPLE",
  S3_SECRET: "s3/secret+example",
  S3_TOKEN: "s3-token-example",
  EMPTY: "",
  WORD: "many",
  TWO: "2",
  TRUE: "true",
  SITE: "https://app.example.net/health",
} as const;
