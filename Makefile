# make run    set up what the app needs and open it on the demo clip
# make test   set up what the tests need and run them
# make check  lint, format, types, import contracts
#
# Variables: PYTHON (the interpreter to build .venv with), PIP_ARGS (extra arguments
# for pip, e.g. the index of a CPU-only torch), PYTEST_ARGS (e.g. -m slow).

PYTHON    ?= python3
PIP_ARGS  ?=
PYTEST_ARGS ?= -n 2
VENV      := .venv
BIN       := $(VENV)/bin
OUT       := out/demo

.PHONY: run test check bench package screenshots docs clean

$(VENV)/.base: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; \
	  sys.exit(0 if v >= (3, 11) else "Boxtrail needs Python 3.11 or newer; this is %d.%d. Use: make run PYTHON=python3.11" % v[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_ARGS) -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(BIN)/python -m pip install $(PIP_ARGS) -c constraints.txt -e '.[dev]'
	@touch $@

$(VENV)/.package: $(VENV)/.base
	$(BIN)/python -m pip install $(PIP_ARGS) -c constraints.txt -e '.[package]'
	@touch $@

run: $(VENV)/.base
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
	  $(BIN)/boxtrail --demo; \
	else \
	  echo "No display here: doing the demo job without a window."; \
	  $(BIN)/boxtrail demo --out $(OUT) && \
	  $(BIN)/python packaging/screenshots.py --out $(OUT) --only window && \
	  echo "Annotations, overlay video and window picture are in $(OUT)/"; \
	fi

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	@for name in canvas timeline loop_overhead video_seek; do \
	  echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; \
	done

screenshots: $(VENV)/.base
	$(BIN)/python packaging/screenshots.py --out docs/images

docs: $(VENV)/.base
	@for key in ccr ccr-deep drvt edcf crpn cract; do \
	  $(BIN)/boxtrail params $$key --write docs/trackers/$$key.md || exit 1; \
	done

package: $(VENV)/.package
	$(BIN)/python packaging/build.py

clean:
	rm -rf build dist out .pytest_cache .ruff_cache .hypothesis
