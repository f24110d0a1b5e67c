/** Every probe kind there is. What costs nothing comes first: plans, tables and the first runs keep this order. */
import type { Config } from "../config/config.ts";
import type { Planned } from "../core/probe.ts";
import { appKind } from "./app.ts";
import { bucketKind } from "./bucket.ts";
import { catalogKind } from "./catalog.ts";
import { credentialKind } from "./credential.ts";
import type { ProbeContext, ProbeKind } from "./kind.ts";
import { modelKind } from "./model.ts";

export const probeKinds: readonly ProbeKind[] = [credentialKind, catalogKind, modelKind, bucketKind, appKind];

/** What the kinds add to the config file. */
export const sections = probeKinds.flatMap((kind) => kind.section ?? []);

export { createContext } from "./kind.ts";

/** Every target of the config, each with its probe. */
export const planProbes = (config: Config, context: ProbeContext): readonly Planned[] =>
  probeKinds.flatMap((kind) => kind.plan(config, context));
