/** A disk of one megabyte, a real one: a tmpfs. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why this machine cannot have a small disk of its own; in CI that is a failure. */
export function noSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "healthd-mount-"));
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { encoding: "utf8" });
  if (status === 0) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  if (status === 0) return undefined;
  const why = `needs the right to mount a tmpfs: ${stderr}`;
  if (process.env.CI !== undefined) throw new Error(why);
  return why;
}

export interface SmallDisk {
  readonly folder: string;
  /** Until not a byte is left. */
  fill(): void;
  clear(): void;
  end(): void;
}

export function smallDisk(): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), "healthd-disk-"));
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const others = join(folder, "other-peoples-files");
  return {
    folder,
    fill() {
      const written = spawnSync("dd", ["if=/dev/zero", `of=${others}`, "bs=4k"], { encoding: "utf8" });
      if (!written.stderr.includes("No space left")) throw new Error(written.stderr);
    },
    clear: () => rmSync(others),
    end() {
      // What a killed program still holds goes with it.
      spawnSync("umount", ["--lazy", folder]);
      rmSync(folder, { recursive: true });
    },
  };
}
