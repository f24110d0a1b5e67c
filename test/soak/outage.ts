import type { LifeOptions } from "./life.ts";

/** A real one: what the soak must page for, exactly once. */
export const OUTAGE: Omit<LifeOptions, "folder"> & { readonly alert: string } = {
  alert: "StorageUnavailable",
  hours: 2,
  failureShare: 0,
  outage: {
    fromHour: 0.5,
    hours: 0.5,
    begin: ({ faults }) => faults.on("s3_slow_down"),
  },
};
