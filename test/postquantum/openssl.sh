#!/usr/bin/env bash
# Unpacks the openssl of Debian sid, with the libraries that it needs, into test/postquantum/target/openssl. Nothing of
# this system changes: apt-get has lists and a cache of its own there, and verifies the packages as usual. The program is
# run by its own loader, because its C library is newer.
set -euo pipefail
cd "$(dirname "$0")"
apt="$PWD/target/apt"
rm -rf target/openssl "$apt"
mkdir -p target/openssl "$apt/lists/partial" "$apt/cache/archives/partial"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] http://deb.debian.org/debian sid main" >"$apt/sid.list"
options=(-qq -o "Dir::Etc::sourcelist=$apt/sid.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists"
  -o "Dir::Cache=$apt/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root)
apt-get "${options[@]}" update
(cd "$apt" && apt-get "${options[@]}" download openssl libssl3t64 libc6 libzstd1 zlib1g)
for package in "$apt"/*.deb; do dpkg-deb -x "$package" target/openssl; done
