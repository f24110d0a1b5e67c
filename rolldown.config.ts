/**
 * `npm run build`: the program and its packages as a few files. Some 700 modules read one by one are a third of a start (decision 0021);
 * and who installs the package fetches one other, the native one, instead of 119.
 */
import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig, type OutputChunk } from "rolldown";

/** V8 keeps a source with one character beyond Latin-1 in twice the memory, and boot.ts reads the files as Latin-1; escaped, the text is the same. */
const ascii = (code: string): string =>
  code.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The folder of the package that a module belongs to; undefined for our own. */
function packageOf(id: string): string | undefined {
  if (!id.includes("node_modules")) return undefined;
  let folder = dirname(id);
  // Some have a package.json without a name in a folder of theirs, to say which modules are in it.
  while (!existsSync(join(folder, "package.json")) || nameOf(folder) === undefined) folder = dirname(folder);
  return folder;
}

const about = (folder: string): Record<"name" | "version" | "license", string | undefined> =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const nameOf = (folder: string): string | undefined => about(folder).name;

function notice(folder: string): string {
  const { name, version, license } = about(folder);
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file));
  return [`${name} ${version} (${license})`, ...files.map((file) => readFileSync(join(folder, file), "utf8").trim())].join("\n\n");
}

/** What the licences of the packages ask of whoever hands them on. */
function notices(chunks: readonly OutputChunk[]): string {
  const folders = new Set(chunks.flatMap(({ moduleIds }) => moduleIds.flatMap((id) => packageOf(id) ?? [])));
  return `${[...folders]
    .map(notice)
    .toSorted()
    .join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

export default defineConfig({
  // boot.ts loads the program; the checkpoint is a thread's program as well.
  input: { main: "src/boot.ts", program: "src/main.ts", checkpoint: "src/history/checkpoint.ts" },
  platform: "node",
  // Native.
  external: ["@node-rs/bcrypt"],
  plugins: [
    {
      name: "program",
      generateBundle(_, bundle) {
        const chunks = Object.values(bundle).filter((file): file is OutputChunk => file.type === "chunk");
        for (const chunk of chunks) chunk.code = ascii(chunk.code);
        // What boot.ts loads is CommonJS, in a package of ES modules.
        this.emitFile({ type: "asset", fileName: "package.json", source: '{ "type": "commonjs" }\n' });
        this.emitFile({ type: "asset", fileName: "THIRD-PARTY-NOTICES.txt", source: notices(chunks) });
      },
      // Its first line says how it is started.
      writeBundle: ({ dir = "dist" }) => chmodSync(join(dir, "main.js"), 0o755),
    },
  ],
  output: {
    dir: "dist",
    format: "cjs",
    cleanDir: true,
    chunkFileNames: "[name].js",
    // Names stay as they are: what a bug prints must be readable.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  },
});
