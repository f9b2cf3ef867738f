# Web and runner in one image. Each step is what `make` does on a bare host.
# On a GPU host start it with the NVIDIA container toolkit (see compose.yaml): the torch wheel
# brings its own CUDA libraries, so no CUDA base image is needed.
FROM python:3.11-slim-bookworm

RUN apt-get update \
 && apt-get install -y --no-install-recommends make tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 lab

WORKDIR /opt/pxcore
RUN chown lab:lab /opt/pxcore && install -d -o lab -g lab /store
USER lab

COPY --chown=lab:lab Makefile requirements.txt ./
RUN make install

COPY --chown=lab:lab app.py pyproject.toml ./
COPY --chown=lab:lab .streamlit .streamlit
COPY --chown=lab:lab pages pages
COPY --chown=lab:lab pxcore pxcore

ENV PXCORE_HOME=/store PYTHONUNBUFFERED=1
VOLUME /store
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=10s --start-period=120s \
  CMD [".venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/healthz', timeout=8)"]

# tini reaps the workers' children; `serve` starts and watches web and runner.
ENTRYPOINT ["tini", "--", ".venv/bin/python", "-m", "pxcore"]
# Inside the container the web must listen on all its addresses; compose.yaml publishes the
# port on the host's loopback only, because nobody has to log in. A server for a lab, with
# login, TLS and PostgreSQL: docs/operation/compose.yaml.
CMD ["serve", "--host", "0.0.0.0", "--port", "8501", "--open-to-network"]
