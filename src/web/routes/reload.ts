import type { ConfigIssue } from "../../config/config.ts";
import { fromElsewhere } from "../from-elsewhere.ts";
import { plain, type RouteMaker } from "../route.ts";

function print({ file, line, column, path, found, expected, fix }: ConfigIssue): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  return `${place}  ${path}  found ${found}, expected ${expected}; ${fix}`;
}

export const reload: RouteMaker = (options) => ({
  method: "POST",
  path: "/-/reload",
  async answer(ask) {
    if (fromElsewhere(ask)) return plain(403, "A reload cannot be asked for by another site.");
    const outcome = await options.reload();
    if (outcome.ok) return plain(200, "Reloaded");
    return plain(400, options.redact(["The config was refused; the one before stays in use.", ...outcome.issues.map(print)].join("\n")));
  },
});
