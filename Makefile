# make run     everything, on http://127.0.0.1:8080 (or PORT=…), data in .data (or WSS_DATA_DIR=…)
# make test    the tests, two files at a time  make check   format, lint, types, imports, plain words
#              or some, one by one: make test ARGS="tests/engine --exitfirst"
# make bench   the figures; ONLY=name for one  make audit   the books, recomputed from the rows
# make soak    a million ticks traded at random under faults, and 5,000 on the real floor, for hours
# make measure how fast the pages are, in the server and in a browser, in a world of their own
# make shots   pictures of every page in three widths, of the exchange that runs at PORT, in shots/; KEY=… adds an agent's own
# make admin   an operator's account (asked for, or of DJANGO_SUPERUSER_USERNAME, _EMAIL, _PASSWORD)
# make drill   disasters brought about and overcome, as docs/runbook says, restarts, and a month of a busy
#              world, which takes hours; or some of it: make drill ARGS=tests/drill/drill.py
# make fmt, lock, clean   as they say
# make lab     adds what reports, plots and learning environments need
# make compile the engines as native modules: what runs without them runs slower, and the same

PYTHON ?= $(shell command -v python3.11 || echo python3)
PY := .venv/bin/python
LOCK := .venv/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock" pyproject.toml

# Names and words that readers had to guess at. The code has the trade's words or plain ones instead.
CODE := agents market news sec webhooks wallstreetsim deploy tests templates static docs README.md
IN_CODE := -I --include=*.py --include=*.html --include=*.js --include=*.css --include=*.md \
	--exclude-dir=migrations --exclude-dir=vendor --exclude=upgrades.py
RIDDLES := Deed|deed|deeds|ordered_band_bps|Rehearsal|rehearsal|Prospect|Scribe|scribe|Forerunner|_clerk|order_bands|settle_down
RIDDLES := $(RIDDLES)|settle_anew|let_go|Society|Eye|Asked|OneTongue|FrontDoor|ApiDoor|Shelf|shelf
RIDDLES := $(RIDDLES)|Whereabouts|whereabouts|Inlet|inlet|Outlet|outlet|Streams|corpse|nought
MODULES := telling|restoring|absence|garbage|looking|asking|api.door|engine.calls|engine.closing|market.reach

DRILLS := $(addprefix tests/drill/,drill.py rolling.py restoring.py days.py)

.PHONY: setup lab compile run test check fmt bench shots measure soak drill admin audit lock clean

setup: .venv/dev compile

compile: .venv/run
	@$(PY) -m wallstreetsim.stack.compiling

run: .venv/run
	@exec $(PY) -m wallstreetsim.stack

test: .venv/dev compile
	$(PY) -m pytest $(or $(ARGS),-n 2 --dist loadfile --no-loadscope-reorder)

check: .venv/dev
	$(PY) -m ruff format --check
	$(PY) -m ruff check
	SECRET_KEY=check $(PY) -m mypy .
	.venv/bin/lint-imports
	SECRET_KEY=check $(PY) manage.py api_reference --check
	.venv/bin/hadolint deploy/Dockerfile
	.venv/bin/compose-lint check --quiet --skip-suppressed --strict-config --fail-on medium \
		--config deploy/compose-lint.yml deploy/compose.yaml
	@! grep -rnwE '$(RIDDLES)' $(IN_CODE) $(CODE)
	@! grep -rnwE '(from|import) [a-z., ]*($(MODULES))' $(IN_CODE) $(CODE)

fmt: .venv/dev
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

bench: .venv/dev compile
	$(PY) -m wallstreetsim.lab.bench $(ONLY)

shots: .venv/dev
	$(PY) -m tests.browser.shots

measure: .venv/dev
	$(PY) -m tests.browser.measure

soak: .venv/dev compile
	WSS_ENGINE_DIR=off $(PY) -m tests.soak $(SOAK)
	SOAK_TICKS=5000 $(PY) -m pytest tests/floor/test_soak.py
	HYPOTHESIS_PROFILE=deep WSS_ENGINE_DIR=off $(PY) -m pytest tests/engine

drill: .venv/dev compile
	$(PY) -m pytest $(or $(ARGS),$(DRILLS)) -s

admin: .venv/run
	@$(PY) -m wallstreetsim.stack running && $(PY) manage.py createsuperuser \
		$(if $(DJANGO_SUPERUSER_PASSWORD),--noinput)

audit: .venv/run
	@$(PY) -m wallstreetsim.stack running && $(PY) manage.py audit

lock: .venv/dev
	$(LOCK) --output-file requirements/run.txt
	$(LOCK) --extra realism --extra lab --constraints requirements/run.txt --output-file requirements/lab.txt
	$(LOCK) --extra realism --extra lab --group dev --constraints requirements/lab.txt --output-file requirements/dev.txt

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis bench.json soak.log

lab: .venv/lab

.venv/lab .venv/dev: .venv/run

.venv/run .venv/lab .venv/dev: .venv/%: requirements/%.txt | $(PY)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
		"WallStreetSim needs Python 3.11 or newer; name yours: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
