/** The config's documents, made from its schema: the JSON Schema for editors, an example with every option, the reference page. Pure. */
import { z } from "zod";
import { inYaml } from "./explain.ts";
import { variable } from "./pieces.ts";
import { rootSchema } from "./schema.ts";
import type { Section } from "./section.ts";
import { type AnySchema, core, fieldsOf, isMapping, type Notes, notesOf, schemaAt } from "./shape.ts";

type Json = z.core.JSONSchema.BaseSchema;

// Numbers and truth values may come from a variable: a string then, which only has to look like one.
const FROM_VARIABLE = "^\\$\\{.+\\}$";

function allowVariable(json: Json): void {
  if (json.type !== "number" && json.type !== "integer" && json.type !== "boolean") return;
  // zod writes JavaScript's own bounds, which tell nobody anything.
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  Object.assign(json, { type: [json.type, "string"], pattern: FROM_VARIABLE });
}

/** Each secret may come from `<key>_file` instead. */
function allowFiles(schema: AnySchema, json: Json): void {
  if (!(schema instanceof z.ZodObject)) return;
  const secrets = [...fieldsOf(schema)].filter(([, field]) => notesOf(field).secret).map(([key]) => key);
  for (const key of secrets) {
    json.properties = { ...json.properties, [`${key}_file`]: { type: "string", description: `A file that holds ${key}, instead of it.` } };
  }
  const needed = secrets.filter((key) => json.required?.includes(key));
  if (needed.length === 0) return;
  json.required = (json.required ?? []).filter((key) => !needed.includes(key));
  json.allOf = needed.map((key) => ({ oneOf: [{ required: [key] }, { required: [`${key}_file`] }] }));
}

function complete(schema: AnySchema, json: Json): void {
  // zod leaves these out where a transform follows, since it takes them for outputs; ours are inputs.
  const { examples, fallback } = notesOf(schema);
  if (examples.length > 0) json.examples = [...examples];
  if (fallback !== undefined) json.default = fallback;
  allowVariable(json);
  allowFiles(schema, json);
}

export function jsonSchema(sections: readonly Section[]): string {
  const schema = z.toJSONSchema(rootSchema(sections), {
    io: "input",
    target: "draft-7",
    override: ({ zodSchema, jsonSchema: json }) => complete(zodSchema, json),
  });
  for (const { key, shorthand } of sections) {
    const section = schema.properties?.[key];
    if (shorthand === undefined || typeof section !== "object" || section.additionalProperties === undefined) continue;
    const short = { type: "string" as const, description: `Short for \`{ ${shorthand}: … }\`.` };
    section.additionalProperties = { anyOf: [short, section.additionalProperties as Json] };
  }
  return `${JSON.stringify({ ...schema, title: "llm-healthd config" }, null, 2)}\n`;
}

const isEmptyMapping = (value: unknown): boolean => isMapping(value) && Object.keys(value).length === 0;

function exampleOf(notes: Notes): unknown {
  return notes.fallback === undefined || isEmptyMapping(notes.fallback) ? notes.examples[0] : notes.fallback;
}

function remark(schema: AnySchema): string {
  const { description = "", title, required } = notesOf(schema);
  const choice = core(schema) instanceof z.ZodEnum ? ` ${title.replace("one of", "One of")}.` : "";
  return `# ${description}${choice}${required ? " Required." : ""}`.trimEnd();
}

function exampleLines(fields: Iterable<readonly [string, AnySchema]>): string[] {
  return [...fields].flatMap(([key, schema]) => {
    const notes = notesOf(schema);
    const inner = fieldsOf(schema);
    if (inner.size > 0) return [remark(schema), `${key}:`, ...indent(exampleLines(inner))];
    const example = exampleOf(notes);
    const line = example === undefined ? `# ${key}: <${notes.title}>` : `${key}: ${inYaml(example)}`;
    return [remark(schema), line, ...(notes.secret ? [`# ${key}_file: /run/secrets/${key}`] : [])];
  });
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => (line === "" ? "" : `  ${line}`));

function exampleSection(key: string, schema: AnySchema, section: Section | undefined): string[] {
  const head = ["", `# ${notesOf(schema).description ?? ""}`, `${key}:`];
  const entry = core(schema) instanceof z.ZodRecord ? schemaAt(schema, ["any"]) : undefined;
  if (entry === undefined) return [...head, ...indent(exampleLines(fieldsOf(schema)))];
  const name = section === undefined ? "openrouter" : `my_${section.kind}`;
  const lines = [`${name}:`, ...indent(exampleLines(fieldsOf(entry)))];
  if (section?.shorthand === undefined) return [...head, ...indent(lines)];
  const text = exampleOf(notesOf(fieldsOf(entry).get(section.shorthand) ?? z.string()));
  return [...head, ...indent([`# Short form of { ${section.shorthand}: … }:`, `another_${section.kind}: ${inYaml(text)}`, ...lines])];
}

export function exampleYaml(sections: readonly Section[]): string {
  const head = [
    "# yaml-language-server: $schema=./schema.json",
    "# Every option, most of them with their default. Made by `npm run generate`; config/minimal.yaml is all that most people need.",
    `# Values may hold ${variable("NAME")} or ${variable("NAME:-default")}; $$ is a dollar sign.`,
  ];
  const body = [...fieldsOf(rootSchema(sections))].flatMap(([key, schema]) =>
    exampleSection(
      key,
      schema,
      sections.find((section) => section.key === key),
    ),
  );
  return `${[...head, ...body].join("\n")}\n`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function defaultOf(notes: Notes): string {
  if (notes.required) return "required";
  return notes.fallback === undefined || isEmptyMapping(notes.fallback) ? "" : `\`${inYaml(notes.fallback)}\``;
}

function row(key: string, schema: AnySchema): string {
  const notes = notesOf(schema);
  const files = notes.secret ? ` Or \`${key}_file\`: a file that holds it.` : "";
  const type = notes.title.replace(/^an? /, "");
  return `| \`${key}\` | ${cell(type)} | ${cell(defaultOf(notes))} | ${cell((notes.description ?? "") + files)} |`;
}

/** A table of an object's keys, then those of the objects in it, each under its path. */
function tables(path: string, schema: AnySchema): string[] {
  const fields = [...fieldsOf(schema)];
  const inner = fields.flatMap(([key, field]) =>
    fieldsOf(field).size > 0 ? [`### \`${path}.${key}\``, "", ...tables(`${path}.${key}`, field)] : [],
  );
  return ["| key | type | default | meaning |", "|---|---|---|---|", ...fields.map(([key, field]) => row(key, field)), "", ...inner];
}

const INTRODUCTION = `# Configuration

<!-- Made by \`npm run generate\` from src/config/schema.ts and the kinds in src/probes/. -->

One YAML file, by default \`config/healthd.yaml\`. Unknown keys are refused, and every mistake is named at once with its line, what was
expected and how to mend it: \`llm-healthd validate\`. [minimal.yaml](../config/minimal.yaml) is a whole config,
[example.yaml](../config/example.yaml) has every option, [schema.json](../config/schema.json) lets an editor complete and explain them.

**Variables.** A value may hold \`${variable("NAME")}\` or \`${variable("NAME:-default")}\`; \`$$\` is a dollar sign. They are filled in after the YAML is
read, so no value can change the structure. They come from the environment, then from \`--env-file\` files, of which a later one wins.
A variable that is not set, or empty, is a mistake unless it has a default. Inside \`{ }\` and \`[ ]\` put quotes around it.

**Secrets.** Every secret \`x\` may come from a file instead: \`x_file: /run/secrets/x\`, relative to the config file; line breaks at its end are
left out. A secret written into the YAML itself, and a file with secrets that others may read, is a warning.

**Changes.** The daemon takes over a new config on \`SIGHUP\`, on \`POST /-/reload\`, and by itself a few seconds after the file, an env file or a
secret's file has another content. A wrong one is refused, with every mistake in the log, and the one before stays in use. What did not change goes on
undisturbed; \`web\`, \`log\`, \`history\` and \`proxy\` take effect at the next start.

**Durations.** An amount and a unit, \`ms\`, \`s\`, \`m\`, \`h\`, \`d\`, \`w\`: \`90s\`, \`1h30m\`. Wherever \`every\` stands, a cron expression of 5 or 6 fields
in local time may stand too: \`"*/10 * * * *"\`. No \`every\` may be shorter than its \`timeout\`.

**Names.** A letter or \`_\`, then letters, digits and \`_ . -\`. They are unique over the whole file, for they name targets in metrics and logs.
A credential NAME is two targets: \`NAME\` (the key) and \`NAME_catalog\` (the list of models).

YAML's anchors, aliases and merge keys (\`<<\`) work.
`;

/** A chapter for each top-level key of a file. */
export function chapters(root: AnySchema): string[] {
  return [...fieldsOf(root)].flatMap(([key, schema]) => {
    const entry = core(schema) instanceof z.ZodRecord ? schemaAt(schema, ["any"]) : undefined;
    const path = entry === undefined ? key : `${key}.NAME`;
    const head = [`## \`${path}\``, "", notesOf(schema).description ?? "", ""];
    return fieldsOf(entry ?? schema).size === 0 ? head : [...head, ...tables(path, entry ?? schema)];
  });
}

export function configDoc(sections: readonly Section[]): string {
  return `${[INTRODUCTION, ...chapters(rootSchema(sections))].join("\n").trimEnd()}\n`;
}
