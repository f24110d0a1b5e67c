import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Loaded } from "../../src/config/load.ts";
import { watchFiles } from "../../src/config/watch.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { folder, load, write } from "./loading.ts";

const FROM_FILE = "credentials: { openrouter: { api_key_file: key.txt } }\n";

let clock: FakeClock;
let loaded: Loaded;
let reloads: number;
let end: () => void;
let file: string;
const read = (envFiles: readonly string[] = []): void => {
  loaded = load({ file, env: {}, envFiles });
};
function watch(envFiles: readonly string[] = []): void {
  end = watchFiles({
    clock,
    files: () => loaded.files,
    changed() {
      reloads++;
      read(envFiles);
    },
  });
}
/** So many looks, each with the time that reading really takes. */
async function looks(count: number): Promise<void> {
  for (let look = 0; look < count; look++) {
    await clock.advance(2000);
    // It sets its next timer when it has read everything.
    while (clock.pending === 0) await new Promise(setImmediate);
  }
}

beforeEach(() => {
  clock = createFakeClock();
  reloads = 0;
  write("key.txt", "sk-or-v1-0123456789abcdef\n");
  file = write("healthd.yaml", FROM_FILE);
  read();
});
afterEach(() => end());

test("the files of a config: itself, its dotenv files, its secrets", () => {
  const env = write("some.env", "A=1\n");
  read([env, join(folder, "absent.env")]);
  watch();
  expect([...loaded.files.keys()].toSorted()).toEqual([env, file, join(folder, "absent.env"), join(folder, "key.txt")].toSorted());
});

test("nothing changes: nothing happens, not even when a file is only touched", async () => {
  watch();
  await looks(3);
  utimesSync(file, new Date(), new Date());
  await looks(3);
  expect(reloads).toBe(0);
});

const CHANGES: readonly (readonly [string, () => void])[] = [
  ["written in place", () => writeFileSync(file, `# new\n${FROM_FILE}`)],
  [
    "written in place, to the same size and time",
    () => {
      writeFileSync(file, FROM_FILE.replace("openrouter", "openr0uter"));
      utimesSync(file, new Date(1_000_000), new Date(1_000_000));
    },
  ],
  [
    "renamed over, as editors and Ansible do",
    () => {
      write("next.yaml", `# new\n${FROM_FILE}`);
      renameSync(join(folder, "next.yaml"), file);
    },
  ],
  ["a rotated secret", () => write("key.txt", "sk-or-v1-another456789abcdef\n")],
  ["a secret that vanishes", () => rmSync(join(folder, "key.txt"))],
];
test.each(CHANGES)("%s: one reload", async (_, change) => {
  watch();
  await looks(2);
  change();
  await looks(1);
  expect(reloads).toBe(0);
  await looks(4);
  expect(reloads).toBe(1);
});

test("an env file that changes", async () => {
  const env = write("some.env", "A=1\n");
  read([env]);
  watch([env]);
  write("some.env", "A=2\n");
  await looks(4);
  expect(reloads).toBe(1);
});

test("Kubernetes swaps the folder behind a link behind a link", async () => {
  const volume = join(folder, "volume");
  for (const [generation, text] of [
    ["one", FROM_FILE],
    ["two", `# new\n${FROM_FILE}`],
  ] as const) {
    mkdirSync(join(volume, generation), { recursive: true });
    writeFileSync(join(volume, generation, "healthd.yaml"), text);
    writeFileSync(join(volume, generation, "key.txt"), "sk-or-v1-0123456789abcdef\n");
  }
  symlinkSync("one", join(volume, "..data"));
  for (const name of ["healthd.yaml", "key.txt"]) symlinkSync(`..data/${name}`, join(volume, name));
  file = join(volume, "healthd.yaml");
  read();
  watch();
  await looks(2);
  symlinkSync("two", join(volume, "..next"));
  renameSync(join(volume, "..next"), join(volume, "..data"));
  await looks(4);
  expect(reloads).toBe(1);
});

test("a file that is being written is let be until it rests", async () => {
  watch();
  for (let line = 0; line < 5; line++) {
    writeFileSync(file, FROM_FILE + "# more\n".repeat(line + 1));
    await looks(1);
  }
  expect(reloads).toBe(0);
  await looks(1);
  expect(reloads).toBe(1);
});

test("a bad file is read once, and again when it changes", async () => {
  watch();
  writeFileSync(file, "models: [");
  await looks(6);
  expect({ reloads, ok: loaded.ok }).toEqual({ reloads: 1, ok: false });
  writeFileSync(file, FROM_FILE);
  await looks(3);
  expect({ reloads, ok: loaded.ok }).toEqual({ reloads: 2, ok: true });
});

test("what can be read only once, such as a pipe, is not watched", async () => {
  file = "/dev/null";
  read();
  expect(loaded.files.get(file)).not.toBe("");
  watch();
  await looks(3);
  expect(reloads).toBe(0);
});

test("ended, it leaves no timer", async () => {
  watch();
  await looks(1);
  end();
  await new Promise(setImmediate);
  expect(clock.pending).toBe(0);
});
