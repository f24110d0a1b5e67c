/** Looking into a schema: what is under a key, and what its author said of it. Issues, docs and secret files are driven by this. */
import { z } from "zod";
import type { Path } from "./issue.ts";

export type AnySchema = z.core.$ZodType;

/** How a config is read: zod makes a program for each object schema otherwise, which pays where it is asked often. */
export const READ_ONCE = { jitless: true } as const;

/** The schema inside `.optional()`, `.prefault()`, `.transform()` and the like: the next one towards the input. */
function inner(schema: AnySchema): AnySchema | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault) return schema.def.innerType;
  if (schema instanceof z.ZodPipe) return schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in;
  return undefined;
}

/** From the outermost schema to the one that meets the input. */
function layers(schema: AnySchema): AnySchema[] {
  const next = inner(schema);
  return next === undefined ? [schema] : [schema, ...layers(next)];
}

export function core(schema: AnySchema): AnySchema {
  return layers(schema).at(-1) ?? schema;
}

/** Asked of the same few schemas for each entry of a config. */
function remembering<Answer>(of: (schema: AnySchema) => Answer): (schema: AnySchema) => Answer {
  const known = new WeakMap<AnySchema, { readonly answer: Answer }>();
  return (schema) => {
    const before = known.get(schema);
    if (before !== undefined) return before.answer;
    const answer = of(schema);
    known.set(schema, { answer });
    return answer;
  };
}

/** The fields of an object schema, in order; none for any other. */
export const fieldsOf = remembering((schema): ReadonlyMap<string, AnySchema> => {
  const object = core(schema);
  return new Map(object instanceof z.ZodObject ? Object.entries(object.def.shape) : []);
});

function under(schema: AnySchema, key: PropertyKey): AnySchema | undefined {
  const container = core(schema);
  if (container instanceof z.ZodRecord) return container.def.valueType;
  if (container instanceof z.ZodArray) return container.def.element;
  return fieldsOf(container).get(String(key));
}

export function schemaAt(root: AnySchema, path: Path): AnySchema | undefined {
  return path.reduce<AnySchema | undefined>((schema, key) => schema && under(schema, key), root);
}

export interface Notes {
  readonly title: string;
  readonly description?: string;
  readonly examples: readonly unknown[];
  /** As it would stand in the file. */
  readonly fallback?: unknown;
  readonly required: boolean;
  readonly secret: boolean;
}

function words(schema: AnySchema): string {
  if (schema instanceof z.ZodString) return "text";
  if (schema instanceof z.ZodNumber) return schema.format === "safeint" ? "a whole number" : "a number";
  if (schema instanceof z.ZodBoolean) return "true or false";
  if (schema instanceof z.ZodArray) return "a list";
  if (schema instanceof z.ZodEnum) return `one of ${schema.options.join(", ")}`;
  if (schema instanceof z.ZodUnion) return schema.def.options.map((option) => notesOf(option).title).join(", or ");
  return "a mapping";
}

/** What the schema's author said of it: outer words win over inner ones. */
export const notesOf: (schema: AnySchema) => Notes = remembering((schema): Notes => {
  const stack = layers(schema);
  const meta: z.GlobalMeta = Object.assign({}, ...stack.toReversed().map((layer) => z.globalRegistry.get(layer) ?? {}));
  const fallback = stack.find((layer) => layer instanceof z.ZodPrefault || layer instanceof z.ZodDefault)?.def.defaultValue;
  return {
    title: meta.title ?? words(core(schema)),
    ...(meta.description === undefined ? {} : { description: meta.description }),
    examples: Array.isArray(meta.examples) ? meta.examples : [],
    ...(fallback === undefined ? {} : { fallback }),
    required: fallback === undefined && !stack.some((layer) => layer instanceof z.ZodOptional),
    secret: meta.writeOnly === true,
  };
});

/** Every object value inside `value` for which the schema has fields, outermost first. */
export function visitObjects(
  schema: AnySchema,
  value: unknown,
  see: (fields: ReadonlyMap<string, AnySchema>, value: Record<string, unknown>, path: Path) => void,
  path: Path = [],
): void {
  if (!isMapping(value)) return;
  const fields = fieldsOf(schema);
  if (fields.size > 0) see(fields, value, path);
  for (const [key, child] of Object.entries(value)) {
    const next = under(schema, key);
    if (next !== undefined) visitObjects(next, child, see, [...path, key]);
  }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, key) => {
    if (Array.isArray(at)) return at[Number(key)];
    return isMapping(at) && Object.hasOwn(at, key) ? at[String(key)] : undefined;
  }, value);
}
