FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json rolldown.config.ts ./
COPY src src
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production
# As boot.ts's first line.
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=32768
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY --from=build /app/dist dist
# What alerts link to, and `explain` prints.
COPY docs/runbooks docs/runbooks
# Where the daemon may write; the config is mounted at /app/config and stays read-only.
RUN mkdir config data logs && chown 1000:1000 data logs
# node's number in the image: Kubernetes' runAsNonRoot cannot judge a name.
USER 1000:1000
EXPOSE 10556
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:10556/-/healthy').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The dashes keep Node from taking --env-file for itself.
ENTRYPOINT ["node", "--max-semi-space-size=2", "--v8-pool-size=1", "--", "dist/main.js"]
CMD ["run", "--listen", "0.0.0.0:10556"]
