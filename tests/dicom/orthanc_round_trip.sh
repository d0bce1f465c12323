#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sends the CT of a folder and the objects of another to Orthanc and fetches them back, in a network of its own:
# Orthanc listens on every address.
#   orthanc_round_trip.sh CT_FOLDER OBJECT_FOLDER WORK_FOLDER PYTHON DICOMWEB_PLUGIN
# Exits with 0 only when all came back as they were.
set -euo pipefail
if [ "${1:-}" != --inside ]; then
  for private in "unshare --net" "unshare --map-root-user --net"; do  # root needs no user namespace
    if $private true 2>/dev/null; then exec $private "$0" --inside "$@"; fi
  done
  echo "can't make a private network namespace (unshare --net): allow user namespaces" >&2
  exit 1
fi
ct=$2 objects=$3 work=$4 python=$5 plugin=$6
PATH=$PATH:/usr/sbin:/sbin
check="$(dirname "$0")/check_objects.py"
address=http://127.0.0.1:8042
export TCP_NODELAY=1  # of DCMTK, which waits 40 ms for each message otherwise

ip link set lo up
mkdir -p "$work"
cat >"$work/orthanc.json" <<END
{"StorageDirectory": "$work/storage", "IndexDirectory": "$work/storage",
 "HttpPort": 8042, "AuthenticationEnabled": false, "DicomPort": 4242, "DicomAet": "ORTHANC",
 "Plugins": ["$plugin"], "DicomWeb": {"Enable": true, "Root": "/dicom-web/"}}
END
Orthanc "$work/orthanc.json" >"$work/orthanc.log" 2>&1 &
orthanc=$!
trap 'kill $orthanc; wait $orthanc || true' EXIT
for _ in $(seq 300); do
  curl -sf "$address/system" >/dev/null && break
  sleep 0.2
done
curl -sf "$address/system" >/dev/null || { echo "Orthanc does not answer" >&2; exit 1; }

identifier() {  # of Orthanc, for a file
  local uid
  uid=$(dcmdump +P 0008,0018 "$1" | sed 's/.*\[\(.*\)\].*/\1/')
  curl -sf "$address/tools/lookup" -d "$uid" | sed -n 's/.*"ID" : "\(.*\)",/\1/p'
}
fetch_all() {  # to the folder $1
  mkdir -p "$1"
  for file in "$ct"/* "$objects"/*; do
    curl -sf "$address/instances/$(identifier "$file")/file" -o "$1/$(basename "$file")"
  done
}

echo "C-STORE"
storescu -R -aec ORTHANC +sd 127.0.0.1 4242 "$ct"
storescu -R -aec ORTHANC +sd 127.0.0.1 4242 "$objects"
fetch_all "$work/stored"
"$python" "$check" equal "$work/stored" "$ct"/* "$objects"/*

echo "STOW-RS"
for study in $(curl -sf "$address/studies" | grep -o '[0-9a-f-]\{44\}'); do
  curl -sf -X DELETE "$address/studies/$study" >/dev/null
done
for file in "$ct"/* "$objects"/*; do
  printf -- '--part\r\nContent-Type: application/dicom\r\n\r\n'
  cat "$file"
  printf '\r\n'
done >"$work/stow"
printf -- '--part--\r\n' >>"$work/stow"
curl -sf -X POST -H 'Content-Type: multipart/related; type="application/dicom"; boundary=part' \
  --data-binary "@$work/stow" "$address/dicom-web/studies" >"$work/stow.answer"
fetch_all "$work/stowed"
"$python" "$check" same-bytes "$work/stowed" "$ct"/* "$objects"/*
echo "identical"
