# Build the wheel, with the browser files in it, and install only that. Every package is checked against its hash.
FROM python:3.11-slim AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1
COPY requirements requirements
COPY tools tools
RUN tools/install_locked python assets
COPY pyproject.toml package.json package-lock.json .npmrc README.md ./
RUN npm ci && mkdir -p static && python -m tools.build_assets
COPY app app
COPY templates templates
COPY static static
RUN python -m tools.to_javascript && node tools/bundle.mjs && python -m app.web.static_files && python -m build --wheel --no-isolation

FROM python:3.11-slim
COPY --from=build /src/requirements /tmp/requirements
COPY --from=build /src/tools/install_locked /tmp/tools/
COPY --from=build /src/dist/*.whl /tmp/
RUN PIP_NO_CACHE_DIR=1 /tmp/tools/install_locked python run /tmp/*.whl \
 && rm -r /tmp/*.whl /tmp/requirements /tmp/tools \
 && useradd --create-home explainer
USER explainer
WORKDIR /home/explainer
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["dpo-explained", "serve", "--host", "0.0.0.0", "--port", "8000"]
