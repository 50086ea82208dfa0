# The prediction service as an image. The context is not this repository but the folder that infra/image/context.ts prepares:
# package.json, package-lock.json, app/ with its types stripped, models/<name>/ and build.json, and nothing else, so that the image is a
# function of these alone.
#
# Builds with docker (BuildKit), buildah and podman. `npx trireme release` builds it; by hand, in a prepared folder:
#   buildah build --timestamp 0 --layers=false --file Dockerfile <folder>
# The options are what makes two builds give one digest (docker: SOURCE_DATE_EPOCH=0 and `--output type=oci,rewrite-timestamp=true`
# with `--provenance=false`, because an attestation turns the image into an index with another digest).
#
# Both bases are arguments, so that a release can name them by digest:
#   --build-arg NODE_IMAGE=docker.io/library/node@sha256:… --build-arg BASE_IMAGE=gcr.io/distroless/cc-debian12@sha256:…
# A machine with its own certificate authority hands it over as a secret, which no layer keeps: --secret id=ca,src=/path/to/ca.pem
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /srv
COPY package.json package-lock.json ./
COPY app/package.json app/
# No install script runs: what is in the image is what the lockfile names. The lockfile itself stays behind, because scanners would
# read packages from it that are not installed.
RUN --mount=type=secret,id=ca,required=false \
    if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    npm ci --workspace app --omit=dev --ignore-scripts --no-audit --no-fund --no-update-notifier && \
    mkdir -p app/node_modules && \
    rm -r package-lock.json

# No shell, no package manager: glibc, libstdc++, certificates and time zones, then Node and the service.
FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="trireme prediction service" \
      org.opencontainers.image.description="Predictions over HTTP on port 8080; ready at /v2/health/ready, who it is at /version" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
COPY --from=dependencies /usr/local/bin/node /usr/local/bin/node
# Copied before it is the working directory, which would be made for the user of the base image and then writable.
COPY --from=dependencies /srv/ /srv/
WORKDIR /srv
COPY app/model app/model
COPY app/engines app/engines
COPY app/serving app/serving
COPY models models
COPY build.json ./
# By number, because a platform that demands a non-root user can't look up a name.
USER 65532:65532
EXPOSE 8080
# Exec form: Node is process 1 and receives SIGTERM itself.
ENTRYPOINT ["/usr/local/bin/node", "app/serving/main.js"]
