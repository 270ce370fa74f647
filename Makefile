# The project's commands. `make app` is all that a reader needs.

PYTHON ?= python3
BIN := .venv/bin

SYSTEMS := hip breast chest

.PHONY: app install dev test check bench truth trust evidence real real-eval ablations phantoms train clean

app: install              ## install what is missing and open the app
	$(BIN)/streamlit run app.py

install: .venv/installed  ## the run-time packages into .venv

dev: .venv/developed      ## the tools for tests and checks as well

test: dev                 ## all tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

check: dev                ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: dev                ## speed, as ratios measured side by side
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.speed_methods
	$(BIN)/python -m benchmarks.speed_distance
	$(BIN)/python -m benchmarks.speed_growth
	$(BIN)/python -m benchmarks.training_speed
	$(BIN)/python -m benchmarks.worklist
	$(BIN)/python -m benchmarks.viewer
	$(BIN)/python -m benchmarks.next_case
	$(BIN)/python -m benchmarks.people

truth: dev                ## explainers against what is known of white boxes and phantoms
	$(BIN)/python -m benchmarks.truth

trust: dev                ## how well ranges, gate and outlines keep what they promise
	$(BIN)/python -m benchmarks.coverage
	$(BIN)/python -m benchmarks.gate
	$(BIN)/python -m benchmarks.anatomy

evidence: dev             ## what the shipped models' maps are judged by: other cases' maps, random weights
	for system in $(SYSTEMS); do \
	  $(BIN)/python -m benchmarks.evidence_bank --system $$system && \
	  $(BIN)/python -m benchmarks.randomisation --system $$system \
	    --out assets/models/$$system/compact/evidence.json || exit 1; done

real: dev                 ## every real film and every broken file through the main job
	$(BIN)/python -m benchmarks.real

real-eval: dev            ## what phantom-trained encoders give on real films, cross-validated
	$(BIN)/python -m benchmarks.real_eval

ablations: dev            ## one design choice at a time, on phantoms; QUICK=--quick for minutes
	$(BIN)/python -m benchmarks.ablations $(QUICK)

phantoms: install         ## sheets of phantoms, and how much each modality can know
	for system in $(SYSTEMS); do $(BIN)/python -m xattn phantoms --system $$system \
	  --sheet docs/images/phantoms_$$system.png || exit 1; done

train: install            ## the shipped compact models, from nothing
	for system in $(SYSTEMS); do $(BIN)/python -m xattn train --system $$system \
	  --out assets/models/$$system/compact || exit 1; done

clean:                    ## remove the environment
	rm -rf .venv

# uv is quicker where it is at hand; pip does the same.
INSTALL = if command -v uv >/dev/null 2>&1; then uv pip install --python $(BIN)/python -r $(1); \
	else $(BIN)/python -m pip install --upgrade pip && $(BIN)/python -m pip install -r $(1); fi

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: requirements.txt | .venv/bin/python
	$(call INSTALL,requirements.txt)
	touch $@

.venv/developed: requirements.txt requirements-dev.txt | .venv/bin/python
	$(call INSTALL,requirements-dev.txt)
	touch .venv/installed $@
