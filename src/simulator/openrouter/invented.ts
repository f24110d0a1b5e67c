/** The rest of the catalogue: plausible models that do not exist, because a real list is long and its length has broken clients. */
import { between, pick, type Random, seededRandom } from "../random.ts";
import type { KnownModel } from "./known.ts";

const AUTHORS = [
  "nousresearch",
  "cohere",
  "nvidia",
  "microsoft",
  "amazon",
  "ai21",
  "inflection",
  "liquid",
  "thedrummer",
  "sao10k",
  "arcee-ai",
  "z-ai",
  "minimax",
  "baidu",
  "bytedance",
  "tencent",
  "x-ai",
  "perplexity",
  "allenai",
  "ibm-granite",
  "inception",
  "stepfun-ai",
  "relace",
  "morph",
] as const;
const FAMILIES = [
  "aurora",
  "basalt",
  "cinder",
  "delta",
  "ember",
  "fjord",
  "granite",
  "harbor",
  "iris",
  "juniper",
  "krill",
  "lumen",
] as const;
const SIZES = ["4b", "8b", "14b", "32b", "70b", "120b", "flash", "pro", "mini"] as const;
const FLAVOURS = ["", "-instruct", "-thinking", "-vl", "-coder", "-preview"] as const;
const CONTEXTS = [8_192, 32_768, 65_536, 131_072, 200_000, 262_144, 1_048_576] as const;

const titled = (slug: string): string =>
  slug
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");

/** Decimal text without an exponent, as the API writes prices. */
const price = (random: Random, lowNanos: number, highNanos: number): string => (between(random, lowNanos, highNanos) / 1e9).toFixed(9);

function invent(random: Random): KnownModel {
  const author = pick(random, AUTHORS);
  const flavour = pick(random, FLAVOURS);
  const slug = `${pick(random, FAMILIES)}-${between(random, 1, 5)}.${between(random, 0, 9)}-${pick(random, SIZES)}${flavour}`;
  const gratis = random() < 0.1;
  return {
    id: `${author}/${slug}${gratis ? ":free" : ""}`,
    name: `${titled(author)}: ${titled(slug)}${gratis ? " (free)" : ""}`,
    context: pick(random, CONTEXTS),
    prompt: gratis ? "0" : price(random, 20, 3_000),
    completion: gratis ? "0" : price(random, 80, 15_000),
    ...(flavour === "-vl" && { sees: true }),
    ...(flavour === "-thinking" && { reasons: "by default" }),
  };
}

/** `count` models, none of an id in `taken`. */
export function inventModels(seed: number, count: number, taken: Set<string>): KnownModel[] {
  const random = seededRandom(seed);
  const models: KnownModel[] = [];
  while (models.length < count) {
    const model = invent(random);
    if (taken.has(model.id)) continue;
    taken.add(model.id);
    models.push(model);
  }
  return models;
}
