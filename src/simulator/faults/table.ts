/** Every fault there is. A new one is an entry in one of the rooms below, and nothing else. */
import { accountFaults } from "./account.ts";
import { appFaults } from "./app.ts";
import { completionFaults } from "./completions.ts";
import type { Fault } from "./fault.ts";
import { refusalFaults } from "./refusals.ts";
import { s3Faults } from "./s3.ts";
import { wireFaults } from "./wire.ts";
import { worldFaults } from "./world.ts";

const all = { ...refusalFaults, ...accountFaults, ...worldFaults, ...completionFaults, ...s3Faults, ...appFaults, ...wireFaults };

export type FaultName = keyof typeof all;
export const faultTable: Readonly<Record<FaultName, Fault>> = Object.freeze(all);
export const faultNames: readonly FaultName[] = Object.freeze(Object.keys(all) as FaultName[]);

export const isFaultName = (name: string): name is FaultName => Object.hasOwn(all, name);
