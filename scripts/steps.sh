# SPDX-License-Identifier: Apache-2.0
# Sourced by the other scripts, from the project's root: quiet steps, one line each, logs in build/logs.

logs=build/logs
mkdir -p "$logs"

# step NAME TEXT COMMAND..: runs the command with its output in build/logs/NAME.log. On failure prints the
# end of that log and leaves with the command's exit code.
step() {
  local name=$1 text=$2 start=$SECONDS code=0
  shift 2
  printf '%s ... ' "$text"
  "$@" >"$logs/$name.log" 2>&1 </dev/null || code=$?
  if [ "$code" -ne 0 ]; then
    printf 'failed after %d s. The end of %s:\n' "$((SECONDS - start))" "$logs/$name.log"
    tail -n 40 "$logs/$name.log"
    exit "$code"
  fi
  printf '%d s\n' "$((SECONDS - start))"
}
