/** A value that fits a simple JSON Schema: what a model writes as tool arguments or structured output. */
import { asList, asNumber, asObject, asText, type JsonObject } from "../exchange.ts";

function objectOf(schema: JsonObject): JsonObject {
  const required = new Set(asList(schema.required));
  const properties = Object.entries(asObject(schema.properties));
  // Only what is required, unless nothing is: strict schemas require all, sloppy ones none.
  const wanted = required.size === 0 ? properties : properties.filter(([name]) => required.has(name));
  return Object.fromEntries(wanted.map(([name, property]) => [name, exampleOf(property)]));
}

const EXAMPLES: Readonly<Record<string, (schema: JsonObject) => unknown>> = {
  object: objectOf,
  array: ({ items, minItems }) => Array.from({ length: asNumber(minItems) ?? 1 }, () => exampleOf(items)),
  string: ({ minLength }) => "text".padEnd(asNumber(minLength) ?? 0, " and more text"),
  number: ({ minimum, maximum }) => asNumber(minimum) ?? asNumber(maximum) ?? 1,
  integer: ({ minimum, maximum }) => Math.ceil(asNumber(minimum) ?? asNumber(maximum) ?? 1),
  boolean: () => true,
  null: () => null,
};

export function exampleOf(value: unknown): unknown {
  const schema = asObject(value);
  if ("const" in schema) return schema.const;
  const [option] = asList(schema.enum);
  if (option !== undefined) return option;
  const [alternative] = [...asList(schema.anyOf), ...asList(schema.oneOf)];
  if (alternative !== undefined) return exampleOf(alternative);
  const type = asText(schema.type) ?? asText(asList(schema.type)[0]) ?? ("properties" in schema ? "object" : "string");
  return EXAMPLES[type]?.(schema) ?? null;
}
