#!/bin/sh
# How the certificates beside this file were made: self-signed for localhost and 127.0.0.1, valid from 2020 to 2050
# whatever the clock says. Two pairs, so that a test can see one replaced by the other. They protect nothing.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: > "$work/index"
cat > "$work/ca.cnf" <<END
[ca]
default_ca = own
[own]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
basicConstraints = critical, CA:TRUE
subjectAltName = DNS:localhost, IP:127.0.0.1
END
for name in first second; do
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
    -keyout "$name.key" -out "$work/$name.csr"
  openssl ca -batch -config "$work/ca.cnf" -selfsign -keyfile "$name.key" -in "$work/$name.csr" -notext \
    -startdate 20200101000000Z -enddate 20500101000000Z -out "$name.crt"
  : > "$work/index"
done
