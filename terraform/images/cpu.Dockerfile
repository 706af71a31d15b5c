# Runs every function that needs no GPU, the API, and the budget's breaker. Built from the repository's root.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: all native code comes ready inside the packages. onnxruntime-node brings that of every system.
RUN npm ci --omit=dev --ignore-scripts --no-update-notifier \
  && cd node_modules/onnxruntime-node/bin/napi-v6 \
  && rm -r darwin win32 linux/arm64

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY shared shared
COPY functions functions
COPY scripts/deploy/breaker.ts scripts/deploy/
# Fails here rather than in the cloud if something was pruned that is needed.
RUN node --input-type=module -e "await import('onnxruntime-node'); await import('sharp'); await import('/app/functions/server.ts')"
USER 1000
CMD ["node", "functions/server.ts"]
