# make demo   see a rate map of a real nucleus
# make test   every check: lint, types, documentation, tests (those of the napari plugin too)

MIN_PYTHON := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c '$(MIN_PYTHON)' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# What Qt and OpenGL need to draw real windows on a virtual screen, as Debian and Ubuntu name it.
SYSTEM_LIBRARIES := xvfb xauth libegl1 libgl1 libgl1-mesa-dri libdbus-1-3 libxkbcommon-x11-0 \
	libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 libxcb-render-util0 \
	libxcb-randr0 libxcb-shape0 libxcb-xkb1
ifeq ($(shell uname -s),Linux)
SCREEN := xvfb-run -a -s '-screen 0 1400x1000x24'
endif

.PHONY: demo test docs screenshots system-libraries clean

demo: .venv/installed-demo
	$(BIN)/chromamol demo

test: .venv/installed-test system-libraries
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(MAKE) --no-print-directory docs
	$(SCREEN) $(BIN)/python -m pytest -n 2 --dist loadfile

docs: .venv/installed-test
	$(BIN)/python -m sphinx --quiet --fail-on-warning docs docs/_build

screenshots: .venv/installed-test system-libraries
	$(SCREEN) $(BIN)/python docs/make_screenshots.py

.venv/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(MIN_PYTHON)' 2>/dev/null || { \
		echo "chromamol needs Python 3.11 or later, and none was found." \
			"Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed-demo: .venv/python pyproject.toml constraints.txt
	@echo "Installing chromamol into .venv; the first time takes some minutes ..."
	$(PIP) -e .
	@touch $@

.venv/installed-test: .venv/python pyproject.toml constraints.txt
	@echo "Installing chromamol and its tools into .venv; the first time takes some minutes ..."
	$(PIP) -e '.[gui,test,docs]'
	@touch $@ .venv/installed-demo

system-libraries:
ifdef SCREEN
	@missing=""; \
	if command -v dpkg-query >/dev/null; then \
		for name in $(SYSTEM_LIBRARIES); do \
			dpkg-query --show --showformat='$${db:Status-Status}' $$name 2>/dev/null \
				| grep -qx installed || missing="$$missing $$name"; \
		done; \
	elif ! command -v xvfb-run >/dev/null; then missing=" xvfb-run"; fi; \
	test -z "$$missing" && exit 0; \
	if command -v apt-get >/dev/null && test "$$(id -u)" = 0; then \
		echo "Installing the system libraries of the window tests:$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $$missing; \
	else \
		echo "The tests of the napari plugin draw real windows and need system libraries." \
			"Install them with (Debian, Ubuntu; elsewhere the packages of the same purpose)," >&2; \
		echo "    sudo apt-get update && sudo apt-get install -y $(SYSTEM_LIBRARIES)" >&2; \
		echo "then run make test again." >&2; exit 1; \
	fi
endif

clean:
	rm -rf .venv docs/_build .mypy_cache .pytest_cache .ruff_cache .hypothesis
