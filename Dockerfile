# One image for every process of JStore, a second stage with what the tests need.
# The archives for Spark come here, from pom.xml, never at run time.

FROM maven:3.9-eclipse-temurin-17 AS archives
WORKDIR /build
COPY pom.xml ./
RUN mvn -B -q -Pspark dependency:copy-dependencies && mvn -B -q -Pkafka dependency:copy-dependencies

FROM python:3.11-slim-bookworm AS app
# Spark needs Java. Debian slim and not Alpine: the PostgreSQL driver for Arrow has no musl wheel.
RUN apt-get update \
    && apt-get install -y --no-install-recommends openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /home/jstore jstore \
    && install -d -o jstore -g jstore /app /var/lib/jstore /run/jstore-metrics
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=jstore_site.settings \
    JSTORE_HOME=/var/lib/jstore
WORKDIR /app
COPY requirements.txt ./
RUN python -m venv /opt/venv && pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY --from=archives --chown=jstore:jstore /build/target/spark-jars target/spark-jars
COPY --chown=jstore:jstore . .
# Hashed and compressed static files; the secret of this one command is never used again.
ENV JSTORE_STATIC_COLLECTED=1
RUN POSTGRES_URI=postgresql://unused/unused REDIS_URI=redis://unused:6379/0 python manage.py collectstatic --noinput --verbosity 0 \
    && chown -R jstore:jstore staticfiles
USER jstore
VOLUME /var/lib/jstore
EXPOSE 8000
CMD ["python", "-m", "granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws", "jstore_site.wsgi:application"]

FROM app AS test
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium curl git make maven nodejs npm prometheus \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements-test.txt \
    && npm ci --no-audit --no-fund --silent
COPY --from=archives --chown=jstore:jstore /build/target/kafka-libs target/kafka-libs
RUN chown -R jstore:jstore /app
USER jstore
ENV JSTORE_STATIC_COLLECTED=0 JSTORE_HOME=/tmp/jstore
CMD ["pytest", "-q", "-m", "not long"]
