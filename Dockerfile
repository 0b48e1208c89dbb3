# One image for web, worker, beat and the one-off preparation of the database; docker-compose.yml shows the four commands.

FROM node:22-bookworm-slim AS front-end
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY static static
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
COPY requirements/base.txt /base.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --requirement /base.txt

FROM python:3.11-slim-bookworm
# What WeasyPrint draws with, and faces for names in many scripts.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-noto-core \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --no-create-home --shell /usr/sbin/nologin plans \
 && install --directory --owner plans /var/lib/beat
COPY --from=packages /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=config.settings
WORKDIR /srv
COPY . .
COPY --from=front-end /build/static/built static/built
# Settings of a site whose servers do not exist are enough for this; none of them stays in the image.
RUN python -m config.launcher offline python manage.py collectstatic --no-input && python -m compileall -q .
USER plans
EXPOSE 8000
# Static files are served by the application itself; put a proxy that speaks https in front.
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4", "--preload", "--no-control-socket", \
     "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-", "--access-logformat", "%(t)s %(m)s %(U)s %(s)s %(M)sms"]
