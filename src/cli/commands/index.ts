/** Every command, in the order of the help. A command's file imports what is heavy only when it runs. */
import type { Command } from "../command.ts";
import { check } from "./check.ts";
import { demo } from "./demo.ts";
import { events } from "./events.ts";
import { explain } from "./explain.ts";
import { key } from "./key.ts";
import { models } from "./models.ts";
import { plan } from "./plan.ts";
import { rules } from "./rules.ts";
import { runCommand } from "./run.ts";
import { simulate } from "./simulate.ts";
import { validate } from "./validate.ts";

export const commands: readonly Command[] = [runCommand, check, validate, plan, models, key, events, explain, rules, demo, simulate];
