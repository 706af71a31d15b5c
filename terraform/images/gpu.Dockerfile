# Runs plan, enrol, probe and confirm. Built from the repository's root.
#
# Three things must fit: the CUDA that ONNX Runtime's provider is built for, the CUDA libraries of the base image, and
# the driver of the machine.
#   provider  onnxruntime-node 1.30: CUDA 13, cuDNN 9. Its install script calls what it downloads cuda12 to this day;
#             the packages it takes have been built for CUDA 13 since ONNX Runtime 1.27.
#   image     CUDA 13.1 with cuDNN 9
#   driver    L4: 535 (CUDA 12.2), bridged by cuda-compat in the image; RTX PRO 6000: 580 (CUDA 13). LD_LIBRARY_PATH in
#             terraform/functions.tf chooses.
# The build fails if the first two do not fit; a service that meets the wrong driver does not start (functions/server.ts
# runs a model on the device before it opens its port).
ARG CUDA=13.1.1

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-update-notifier \
  && ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js \
  && cd node_modules/onnxruntime-node/bin/napi-v6 \
  && rm -r darwin win32 linux/arm64 \
  && rm -f linux/x64/libonnxruntime_providers_tensorrt.so

FROM nvidia/cuda:${CUDA}-cudnn-runtime-ubuntu24.04
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /usr/local/bin/node /usr/local/bin/node
COPY --from=dependencies /app/node_modules node_modules
# Every library the provider needs is there, except the driver's own, which only a machine with a GPU has.
RUN cd node_modules/onnxruntime-node/bin/napi-v6/linux/x64 \
  && ldd libonnxruntime_providers_cuda.so > /tmp/needs \
  && ! grep 'not found' /tmp/needs | grep -v 'libcuda\.so\.1' \
  && rm /tmp/needs \
  && test -e /usr/local/cuda/compat/libcuda.so.1
COPY package.json ./
COPY shared shared
COPY functions functions
RUN node --input-type=module -e "await import('onnxruntime-node'); await import('sharp'); await import('/app/functions/index.ts')"
# Not root.
USER 1000
CMD ["node", "functions/server.ts"]
