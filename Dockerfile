# Cartwright in a container:
#
#   docker build -t cartwright .
#   docker run -p 8080:8080 -v cartwright:/data cartwright
#
# It runs as a user without a name, keeps its database in the volume /data, and takes every setting
# from the environment (CONFIGURATION.md). Other commands run beside it in the same container, such as
# docker exec … cartwright doctor.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# SQLite is C: the program is linked with the libc of Debian 12, on which it also runs.
RUN CGO_ENABLED=1 go build -trimpath -ldflags "-s -w" -o /out/cartwright ./cmd/cartwright

FROM debian:12.12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -m 0700 -o 10001 -g 10001 /data
COPY --from=build /out/cartwright /usr/local/bin/cartwright
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV CARTWRIGHT_DB=/data/cartwright.db
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/usr/local/bin/cartwright", "health"]
ENTRYPOINT ["/usr/local/bin/cartwright"]
CMD ["serve"]
