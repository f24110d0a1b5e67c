import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { LoadOptions } from "../../src/config/load.ts";
import { configOf, folder, issuesOf, KEY, load, write } from "./loading.ts";

describe("where variables come from", () => {
  const KEY_VALUE = "sk-or-v1-from-the-file";
  const keyWith = (content: string | Uint8Array, process: LoadOptions["env"] = {}): string | undefined =>
    configOf(load({ text: KEY, env: process, envFiles: [write(".env.dev", content)] })).credentials[0]?.apiKey;

  test.each([
    ["plain", `KEY=${KEY_VALUE}\n`],
    ["CRLF", `A=1\r\nKEY=${KEY_VALUE}\r\nB=2\r\n`],
    ["a byte order mark", `\uFEFFKEY=${KEY_VALUE}\n`],
    ["export", `export KEY=${KEY_VALUE}\n`],
    ["double quotes", `KEY="${KEY_VALUE}"\n`],
    ["single quotes", `KEY='${KEY_VALUE}'\n`],
    ["a comment behind", `# the key\nKEY=${KEY_VALUE} # ours\n`],
    ["spaces", `  KEY = ${KEY_VALUE}  \n`],
    ["an earlier value", `KEY=sk-or-v1-old\nKEY=${KEY_VALUE}\n`],
  ])("an env file with %s", (_, content) => expect(keyWith(content)).toBe(KEY_VALUE));

  test("the environment wins over files, a later file over an earlier", () => {
    expect(keyWith("KEY=sk-or-v1-file\n", { KEY: "sk-or-v1-process" })).toBe("sk-or-v1-process");
    const envFiles = [write("a.env", "KEY=sk-or-v1-a\n"), write("b.env", "KEY=sk-or-v1-b\n")];
    expect(configOf(load({ text: KEY, env: {}, envFiles })).credentials[0]?.apiKey).toBe("sk-or-v1-b");
  });

  test("an env file that is not there is an issue, and the others are told too", () => {
    const missing = join(folder, "none.env");
    const told = issuesOf(load({ text: KEY, env: {}, envFiles: [missing] }));
    expect(told).toHaveLength(2);
    expect(told[0]).toBe(`${missing}  found no such file; expected a file; make it, or correct its name`);
    expect(told[1]).toContain("variable KEY, which is not set");
  });

  test("a named pipe is read while somebody writes into it, and keeps nobody waiting when nobody does", async () => {
    const pipe = join(folder, "pipe.env");
    execFileSync("mkfifo", [pipe]);
    expect(issuesOf(load({ text: KEY, env: {}, envFiles: [pipe] }))[0]).toContain("variable KEY, which is not set");
    const writer = spawn("sh", ["-c", 'exec 3>"$1"; sleep 0.2; echo KEY=sk-or-v1-piped >&3', "sh", pipe]);
    const reader = openSync(pipe, "r");
    expect(configOf(load({ text: KEY, env: {}, envFiles: [pipe] })).credentials[0]?.apiKey).toBe("sk-or-v1-piped");
    closeSync(reader);
    await once(writer, "exit");
    const held = openSync(pipe, constants.O_RDWR);
    expect(issuesOf(load({ text: KEY, env: {}, envFiles: [pipe] }))[0]).toContain("found a pipe into which nobody writes; expected a file");
    closeSync(held);
  });

  test("an env file in UTF-16, as PowerShell writes it", () => {
    const file = write("utf16.env", Buffer.from("\uFEFFKEY=x\n", "utf16le"));
    expect(issuesOf(load({ text: KEY, env: {}, envFiles: [file] }))[0]).toContain("found UTF-16 text; expected UTF-8 text");
  });
});

describe("the file itself", () => {
  test("a file that is missing: what to write where", () => {
    const file = join(folder, "missing.yaml");
    const [told, ...rest] = issuesOf(load({ file }));
    expect(rest).toEqual([]);
    expect(told).toContain(`${file}  found no such file`);
    expect(told).toContain("npm run demo");
    const proposal = /\{ credentials.* \}/.exec(told ?? "")?.[0] ?? "";
    expect(configOf(load({ text: proposal })).entries).toHaveLength(1);
  });

  test.each([
    ["a directory", () => folder, "found a directory; expected a file"],
    ["a path through a file", () => join(write("plain", ""), "x.yaml"), "found no such file"],
    ["not UTF-8", () => write("latin1.yaml", Buffer.from("log: { file: caf\xe9 }", "latin1")), "found bytes that are not UTF-8"],
    ["too large", () => write("large.yaml", "#".repeat(1024 * 1024 + 1)), "found more than 1 MiB; expected at most 1 MiB"],
    ["without end", () => "/dev/zero", "found more than 1 MiB; expected at most 1 MiB"],
    ["empty", () => write("empty.yaml", ""), "found an empty file; expected a config"],
  ])("%s", (_, file, expected) => {
    const told = issuesOf(load({ file: file() }));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(expected);
  });

  test("a byte order mark and CRLF do not matter", () => {
    const file = write("windows.yaml", "\uFEFFapps:\r\n  site:\r\n    url: https://a.example/\r\n");
    expect(configOf(load({ file })).entries[0]?.name).toBe("site");
  });

  test("very deep nesting is an issue, not a crash", () => {
    expect(issuesOf(load({ text: "[".repeat(50_000) })).length).toBeGreaterThan(0);
  });
});
