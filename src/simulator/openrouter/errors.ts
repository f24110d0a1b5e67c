import { randomBytes } from "node:crypto";
import { type JsonObject, json, type Reply } from "../exchange.ts";

/** The account id OpenRouter puts at the top level of errors to callers it knows. */
export const USER_ID = "user_2simulated0account0of0nobody";

export const ray = (): string => `${randomBytes(8).toString("hex")}-FRA`;

/** On everything that passes Cloudflare. */
export const edgeHeaders = (): Readonly<Record<string, string>> => ({ server: "cloudflare", "cf-ray": ray() });

const errorBody = (code: number, message: string, metadata?: JsonObject): JsonObject => ({
  error: { message, code, ...(metadata && { metadata }) },
});

/** To strangers: no `user_id`. */
export const refuseStranger = (code: number, message: string): Reply => json(code, errorBody(code, message), edgeHeaders());

/** To a caller with a known key. */
export function refuse(code: number, message: string, metadata?: JsonObject, headers: Readonly<Record<string, string>> = {}): Reply {
  return json(code, { ...errorBody(code, message, metadata), user_id: USER_ID }, { ...edgeHeaders(), ...headers });
}

export const userNotFound = (): Reply => refuseStranger(401, "User not found.");
export const invalidModel = (id: string): Reply => refuse(400, `${id} is not a valid model ID`);
export const notFound = (): Reply => refuseStranger(404, "Resource not found");

export const providerRefused = (
  code: number,
  providerName: string,
  raw: string,
  more: JsonObject = {},
  headers: Readonly<Record<string, string>> = {},
): Reply => refuse(code, "Provider returned error", { raw, provider_name: providerName, is_byok: false, ...more }, headers);
