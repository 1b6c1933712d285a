#!/usr/bin/env bash
# Serves a tiny model of random weights on vLLM, runs a command while it is up, and stops it.
# with_vllm.sh VENV FOLDER COMMAND...   TOUGU_VLLM_URL tells the command where it is; the log lies in FOLDER.
set -euo pipefail
venv=$1 folder=$2
shift 2
port=${TOUGU_VLLM_PORT:-8917}
key=vllm-test-key

mkdir -p "$folder"
[ -e "$folder/model/model.safetensors" ] || "$venv/bin/python" "$(dirname "$0")/tiny_chat_model.py" "$folder/model"

# No hub and no report home; a small cache, so that the stage fits beside everything else.
export HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 VLLM_NO_USAGE_STATS=1 DO_NOT_TRACK=1
export VLLM_CPU_KVCACHE_SPACE=${VLLM_CPU_KVCACHE_SPACE:-1} VLLM_TARGET_DEVICE=cpu
"$venv/bin/vllm" serve "$folder/model" --host 127.0.0.1 --port "$port" --api-key "$key" \
  --served-model-name tiny --max-model-len 2048 --max-num-seqs 8 --dtype float32 --enforce-eager \
  --structured-outputs-config '{"backend": "xgrammar", "disable_any_whitespace": true}' \
  --enable-prefix-caching --enable-auto-tool-choice --tool-call-parser hermes >"$folder/vllm.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true' EXIT

healthy() { "$venv/bin/python" -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/health', timeout=2)" 2>/dev/null; }

for _ in $(seq 1 "${TOUGU_VLLM_WAIT_S:-600}"); do
  if healthy; then
    TOUGU_VLLM_URL="http://127.0.0.1:$port/v1" TOUGU_VLLM_KEY="$key" "$@"
    exit
  fi
  kill -0 "$server" 2>/dev/null || { echo "vLLM ended before it was ready; the end of $folder/vllm.log:" >&2; tail -20 "$folder/vllm.log" >&2; exit 1; }
  sleep 1
done
echo "vLLM was not ready in ${TOUGU_VLLM_WAIT_S:-600} s: look at $folder/vllm.log" >&2
exit 1
