/** From a request's method and path to the route that answers it, or to a refusal. */
import { type Answer, type Route, refusal } from "./route.ts";

export type Found =
  | { readonly route: Route; readonly params: Readonly<Record<string, string>> }
  /** What stands for everybody, whatever they asked. */
  | { readonly refused: Answer };

export type Router = (method: string, path: string) => Found;

const partsOf = (path: string): readonly string[] => path.split("/");

/** A place such as `:name` takes whatever stands there, if something does; undefined where they do not match. */
function paramsOf(pattern: readonly string[], parts: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, place] of pattern.entries()) {
    const part = parts[index] ?? "";
    if (place.startsWith(":") && part !== "") params[place.slice(1)] = part;
    else if (place !== part) return undefined;
  }
  return params;
}

/** What stands between the slashes, readable; undefined for a `%` that means nothing. A `%2F` is part of a name. */
function decoded(path: string): readonly string[] | undefined {
  try {
    return partsOf(path).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** HEAD is what GET is, without the body. */
function admits({ method: own, path: pattern }: Route, method: string): Answer | undefined {
  const allowed: readonly string[] = own === "GET" ? ["GET", "HEAD"] : [own];
  if (allowed.includes(method)) return undefined;
  const methods = allowed.join(", ");
  return { ...refusal(pattern, 405, `Allowed here: ${methods}.`), headers: { allow: methods } };
}

/** Each path has one route at most. */
export function createRouter(routes: readonly Route[]): Router {
  const patterns = routes.map((route) => ({ route, pattern: partsOf(route.path) }));
  return (method, path) => {
    const parts = decoded(path);
    if (parts === undefined) return { refused: refusal(path, 400, "The URL cannot be read.") };
    for (const { route, pattern } of patterns) {
      const params = paramsOf(pattern, parts);
      if (params === undefined) continue;
      const refused = admits(route, method);
      return refused === undefined ? { route, params } : { refused };
    }
    return { refused: refusal(path, 404, "Nothing here.") };
  };
}
