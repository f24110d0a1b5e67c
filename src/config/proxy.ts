/** The proxies in force: the config's, else those that the environment names as for every other program. */
import { parseProxy } from "./addresses.ts";
import type { Config, ConfigIssue } from "./config.ts";
import type { Root } from "./schema.ts";
import { type Env, lookUp } from "./variables.ts";

export interface ProxyFound {
  readonly proxy: Config["proxy"];
  readonly issues: readonly ConfigIssue[];
}

// The lower-case name comes first, as in curl.
const fromEnv = (env: Env, name: string): string | undefined => lookUp(env, name) || lookUp(env, name.toUpperCase()) || undefined;

export function proxyOf(root: Root["proxy"], env: Env): ProxyFound {
  const issues: ConfigIssue[] = [];
  const url = (scheme: "http" | "https"): string | undefined => {
    const told = root[scheme];
    const inherited = fromEnv(env, `${scheme}_proxy`);
    if (told !== undefined || inherited === undefined) return told;
    const read = parseProxy(inherited);
    if (typeof read === "string") return read;
    const fix = `set it so, unset it, or write proxy.${scheme} into the config`;
    issues.push({
      file: "environment",
      path: `${scheme.toUpperCase()}_PROXY`,
      found: "something else",
      expected: read.expected ?? "",
      fix,
    });
    return undefined;
  };
  const [http, https] = [url("http"), url("https")];
  const except = root.except ?? (fromEnv(env, "no_proxy") ?? "").split(/[\s,]+/).filter((entry) => entry !== "");
  return { proxy: { except, ...(http === undefined ? {} : { http }), ...(https === undefined ? {} : { https }) }, issues };
}

/** What must not be told of proxies with a password: it, and it together with its user, as both travel. */
export function proxySecrets({ http, https }: Config["proxy"]): string[] {
  return [http, https].flatMap((text) => {
    const { username, password } = new URL(text ?? "http://none");
    const plain = decodeURIComponent(password);
    return plain === "" ? [] : [plain, password, `${decodeURIComponent(username)}:${plain}`];
  });
}
