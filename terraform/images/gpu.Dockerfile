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
# `npm run pin` writes the digests of the images and the checksum of NuGet's package with the provider; a build without
# them fails. Both change with the version of onnxruntime-node in package.json.

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl unzip && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-update-notifier \
  && cd node_modules/onnxruntime-node/bin/napi-v6 \
  && rm -r darwin win32 linux/arm64
# What onnxruntime-node's install script would fetch, which compares it with nothing.
ARG PROVIDER_SHA512=
RUN version=$(node --print "require('/app/node_modules/onnxruntime-node/package.json').version") \
  && name=microsoft.ml.onnxruntime.gpu.linux \
  && curl --fail --silent --show-error --proto '=https' --output /tmp/provider.nupkg \
    "https://api.nuget.org/v3-flatcontainer/$name/$version/$name.$version.nupkg" \
  && echo "${PROVIDER_SHA512:?run npm run pin}  /tmp/provider.nupkg" | sha512sum --check --strict \
  && unzip -j /tmp/provider.nupkg \
    runtimes/linux-x64/native/libonnxruntime_providers_cuda.so \
    runtimes/linux-x64/native/libonnxruntime_providers_shared.so \
    -d node_modules/onnxruntime-node/bin/napi-v6/linux/x64 \
  && rm /tmp/provider.nupkg

FROM nvidia/cuda:13.1.1-cudnn-runtime-ubuntu24.04
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
