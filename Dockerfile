# The container image of tidegate: the binary, the libraries it needs, CA certificates, and busted for
# `tidegate test`. Nothing else is in it, no shell either. Scripts mounted at /etc/tidegate/scripts
# shadow the built-in ones.
FROM docker.io/library/debian:bookworm-slim AS deps
WORKDIR /src
COPY tools/setup tools/
RUN apt-get update \
 && apt-get install -y --no-install-recommends make lua-busted \
 && tools/setup build \
 && rm -rf /var/lib/apt/lists/*

FROM deps AS build
COPY . .
ARG VERSION
RUN make -j"$(nproc)" && tools/rootfs build/tidegate /rootfs

FROM scratch
COPY --from=build /rootfs/ /
ENV PATH=/usr/bin
USER 65532:65532
ENTRYPOINT ["tidegate"]
CMD ["help"]
