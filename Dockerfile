# The page on a machine of one's own: see docs/deployment.md. It writes nothing but below /tmp, as user 1000.
FROM python:3.11-slim-bookworm

WORKDIR /app
COPY packages.txt ./
RUN apt-get update \
    && xargs --arg-file=packages.txt apt-get install --yes --no-install-recommends \
    && rm --recursive /var/lib/apt/lists

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock

COPY dashboard.py LICENSE README.md ./
COPY captioner captioner
COPY explain explain
COPY panels panels
COPY weights weights
COPY examples examples
RUN python -m compileall -q captioner explain panels dashboard.py

ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860 HOME=/tmp MPLCONFIGDIR=/tmp TMPDIR=/tmp
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 1000:1000
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['GRADIO_SERVER_PORT'], timeout=8)"]
CMD ["python", "dashboard.py"]
