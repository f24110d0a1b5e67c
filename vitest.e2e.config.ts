import { defineConfig } from "vitest/config";

// Against programs nobody here wrote (Prometheus, an S3 server, a gateway); .ci/run installs them.
export default defineConfig({
  test: {
    include: ["test/e2e/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    // Each of these has a world of its own, and a loaded machine answers late.
    maxConcurrency: 3,
  },
});
