# What checks a machine's configuration from outside of it.
ARG BASE
FROM $BASE
RUN apt-get update && apt-get install --yes --no-install-recommends cloud-init shellcheck && apt-get clean
