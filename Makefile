# All it takes is Go and a C++ compiler.
#
#   make run     build, start on 127.0.0.1:5433, load a sample into an empty store
#   make test    every test; those that want a program that is not installed are skipped
#
#   make cluster three nodes on this machine, with the sample
#   make build   bin/eventgres
#   make lint    go vet, staticcheck, gofumpt
#   make cross   the same for every system and processor it is written for, tests too
#   make race    the unit tests, and a server under load, with the race detector
#   make bench   beside PostgreSQL, every workload, into docs/benchmarks.md
#   make bench-quick  in five minutes; bench-scale: 1, 10 and 100 million events, 60 GiB of disk
#   make bench-follow  what followers see and cost, beside PostgreSQL
#   make bench-cluster  three nodes beside a single one
#   make bench-messagedb  Message DB's calls, beside the real one
#   make bench-tls    what TLS costs, beside what it costs PostgreSQL
#   make bench-find   ids of clients' own, reads by category, type and tags    FINDEVENTS=12000000
#   make bench-pairs  two builds in turns, without PostgreSQL   BEFORE=program PAIRS=12 WORKLOADS=expression
#   make microbench  the engine and the SQL front    BENCHTIME=1s
#   make fuzz    every fuzz target for a while       FUZZTIME=10m
#   make crash   power cuts, failpoints, kill -9    ROUNDS=200 STATES=200000 FAILPOINTS=all SEED=
#   make planted simulated clusters, mistakes put into them and into SERIALIZABLE    SIMULATIONS=1000
#   make siege   hostile clients, faults of the disk and lost replies in full size
#   make differ  random statements, beside PostgreSQL    N=100000 SEED=
#   make nightly every client there is a test for, and every test in its long form: hours; SHORT=1: the clients alone
#   make scale   the load, the slow reader and the worker's reads after writes in full size    READS=10000
#   make packages  bin/packages: a .deb and an .rpm for this processor; packages-test installs them in a root of its own, as root
#   make fmt     rewrite the sources as gofumpt wants them
#   make clean   remove bin/ (the data directory stays)

GO ?= go

DATA   ?= data
LISTEN ?= 127.0.0.1:5433
CLUSTER ?= cluster

BENCHTIME ?= 1s
FUZZTIME  ?= 10m
ROUNDS    ?= 200
STATES    ?= 200000
FAILPOINTS ?= all
SEED      ?=
N         ?= 100000
READS     ?= 10000
SIMULATIONS ?= 1000
BEFORE    ?=
PAIRS     ?= 12
FINDEVENTS ?= 12000000
ENCRYPTED ?= append, (1|64) client|stream of 20|by position
WORKLOADS ?= COPY|append|stream of 20|by position|count

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
NFPM        := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2

# Without cgo, which would want a C compiler for each; what needs it has no code of its own for any.
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 freebsd/amd64 freebsd/arm64 windows/amd64 windows/arm64

SOURCES := changelog.go cmd engine pgwire query integration
UNIT    := ./cmd/... ./engine/... ./pgwire/... ./query/...

.PHONY: build run cluster test race lint cross fmt bench bench-quick bench-scale bench-follow bench-cluster bench-messagedb bench-tls bench-find bench-pairs microbench fuzz crash planted siege differ scale nightly packages packages-test clean

build:
	$(GO) build -buildvcs=false -trimpath -o bin/eventgres ./cmd/eventgres

# Three nodes, and a DSN that names them all; docs/cluster.md goes on from there.
cluster: build
	exec bin/eventgres cluster try --data "$(CLUSTER)"

run: build
	exec bin/eventgres serve --sample --data "$(DATA)" --listen "$(LISTEN)"

# The packages of integration/ start servers; more than two at a time would only take
# each other's processors. One program serves them all; each by itself would link its own.
test: build
	EVENTGRES_BIN="$(CURDIR)/bin/eventgres" $(GO) test -count=1 -timeout 20m -p 2 ./...

race:
	EVENTGRES_CRASH_STATES=1000 $(GO) test -race -count=1 -short -timeout 20m -p 2 $(UNIT)
	$(GO) build -race -buildvcs=false -o bin/eventgres-race ./cmd/eventgres
	EVENTGRES_BIN="$(CURDIR)/bin/eventgres-race" $(GO) test -count=1 -timeout 20m -p 1 -short -run 'Eventgres|Writers' \
		./integration/wire ./integration/crash

lint:
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	@unformatted=$$($(GO) run $(GOFUMPT) -l $(SOURCES)) || exit 1; \
	if [ -n "$$unformatted" ]; then echo "not as gofumpt formats it (make fmt):"; echo "$$unformatted"; exit 1; fi

cross:
	GOBIN="$(CURDIR)/bin" $(GO) install $(STATICCHECK)
	@set -e; for platform in $(PLATFORMS); do \
		echo "== $$platform"; \
		export CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/}; \
		$(GO) build -buildvcs=false -o /dev/null ./cmd/eventgres; \
		$(GO) vet ./...; \
		bin/staticcheck ./...; \
	done

fmt:
	$(GO) run $(GOFUMPT) -l -w $(SOURCES)

bench:
	$(GO) run ./integration/bench -out docs/benchmarks.md

bench-quick:
	$(GO) run ./integration/bench -events 200000 -rounds 1 -time 2s

bench-scale:
	$(GO) run ./integration/bench -scale 1,10,100 -rounds 2 -out docs/benchmarks.md

bench-follow:
	$(GO) run ./integration/bench -follow -out docs/benchmarks.md

bench-cluster:
	$(GO) run ./integration/bench -cluster -out docs/benchmarks.md

bench-messagedb:
	$(GO) run ./integration/bench -messagedb -out docs/benchmarks.md

bench-tls:
	$(GO) run ./integration/bench -tls -rounds $(PAIRS) -time 3s -run '$(ENCRYPTED)' -out docs/benchmarks.md

bench-find:
	$(GO) run ./integration/bench -find -events $(FINDEVENTS) -out docs/benchmarks.md

bench-pairs:
	$(GO) run ./integration/bench -before "$(abspath $(BEFORE))" -rounds $(PAIRS) -time 3s -run '$(WORKLOADS)' -with '$(WITH)'

microbench:
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -timeout 0 -p 1 ./engine ./query

# go test fuzzes one target of one package at a time, and links its program for each; here a package's is linked once.
# What it finds, it writes into the package's testdata/fuzz.
fuzz:
	@set -e; mkdir -p bin; \
	folders=$$(grep -rl --include='*_test.go' '^func Fuzz' $(SOURCES) | xargs -n 1 dirname | LC_ALL=C sort -u); \
	test -n "$$folders"; \
	for folder in $$folders; do \
		$(GO) test -c -fuzz . -o bin/fuzz.test "./$$folder"; \
		targets=$$(cd "$$folder" && "$(CURDIR)/bin/fuzz.test" -test.list '^Fuzz'); \
		for target in $$targets; do \
			echo "== $$folder $$target"; \
			(cd "$$folder" && "$(CURDIR)/bin/fuzz.test" -test.run '^$$' -test.fuzz "^$$target\$$" -test.fuzztime $(FUZZTIME) \
				-test.fuzzcachedir "$$($(GO) env GOCACHE)/fuzz/$$($(GO) list .)" -test.paniconexit0 </dev/null); \
		done; \
	done

crash:
	EVENTGRES_CRASH_STATES=$(STATES) $(if $(SEED),EVENTGRES_SEED=$(SEED)) $(GO) test -count=1 -v -timeout 0 -run TestEnumerateCrashes ./engine
	EVENTGRES_FAILPOINTS=$(FAILPOINTS) $(GO) test -count=1 -v -timeout 1h -run TestFailpoints ./engine
	EVENTGRES_CRASH_ROUNDS=$(ROUNDS) $(GO) test -count=1 -v -timeout 2h -run Kill ./integration/crash $(if $(SEED),-seed $(SEED))

# Mistakes put into a cluster and into what SERIALIZABLE rests on, each of which the simulation or the histories must find; half an hour.
planted:
	EVENTGRES_SIM_SEEDS=$(SIMULATIONS) $(GO) test -count=1 -v -timeout 0 -run TestSimulation ./engine/replica
	EVENTGRES_FAILPOINTS=1 $(GO) test -count=1 -v -timeout 2h -run TestPlanted ./engine/replica
	EVENTGRES_FAILPOINTS=1 $(GO) test -count=1 -v -timeout 2h -run TestFailpoints ./integration/serializable

siege:
	EVENTGRES_LONG=1 $(GO) test -count=1 -v -timeout 2h -p 1 ./integration/linear ./integration/faults ./integration/network ./integration/transaction ./integration/isolation

differ: build
	EVENTGRES_BIN="$(CURDIR)/bin/eventgres" EVENTGRES_LONG=1 $(GO) test -count=1 -v -timeout 0 ./integration/differ -n $(N) $(if $(SEED),-seed $(SEED))

scale:
	EVENTGRES_LONG=1 $(GO) test -count=1 -v -timeout 2h -run 'Writers|SlowReader' ./integration/crash $(if $(SEED),-seed $(SEED))
	$(GO) test -count=1 -v -timeout 2h -run ReadYourWrites ./integration/worker -rounds $(READS)

# Where none of the clients is missing: integration/drivers/install-nightly.sh, and what .ci/run installs.
CLIENTS := ./integration/clients ./integration/replication ./integration/orm ./integration/tools ./integration/drivers ./integration/introspection ./integration/sessions

nightly: build
	EVENTGRES_BIN="$(CURDIR)/bin/eventgres" EVENTGRES_REQUIRE_CLIENTS=1 EVENTGRES_LONG=1 \
		$(GO) test -count=1 -timeout 0 -p 1 $(if $(SHORT),$(CLIENTS),./...)

# The version is the changelog's; what is not released comes after it, as Debian and RPM order versions.
PACKAGES := bin/packages

# $(call package,VERSION,FOLDER)
package = for kind in deb rpm; do ARCH=$$($(GO) env GOARCH) VERSION=$(1) \
	$(GO) run $(NFPM) package -f deploy/packages/nfpm.yaml -p $$kind -t $(2) || exit; done

packages: build
	mkdir -p $(PACKAGES)
	strip -o $(PACKAGES)/eventgres bin/eventgres
	bin/eventgres man | gzip -9n >$(PACKAGES)/eventgres.1.gz
	gzip -9nc CHANGELOG.md >$(PACKAGES)/changelog.gz
	for shell in bash zsh fish; do bin/eventgres completion $$shell >$(PACKAGES)/eventgres.$$shell || exit; done
	bin/eventgres config --example | sed 's|^# *data = .*|data = "/var/lib/eventgres"|; s|^# *socket = .*|socket = "/run/eventgres"|; s|Every line|Every other line|' \
		>$(PACKAGES)/eventgres.toml
	rm -f $(PACKAGES)/*.deb $(PACKAGES)/*.rpm
	$(call package,$$(bin/eventgres version | sed 's/^eventgres //; s/-/+/'),$(PACKAGES))

# In a root of Debian's packages, which mmdebstrap makes once; upgraded to the same under another version.
packages-test: packages $(PACKAGES)/root.tar
	mkdir -p $(PACKAGES)/next
	rm -f $(PACKAGES)/next/*
	$(call package,99.0.0,$(PACKAGES)/next)
	EVENTGRES_PACKAGES="$(CURDIR)/$(PACKAGES)" EVENTGRES_BIN="$(CURDIR)/bin/eventgres" $(GO) test -count=1 -v -timeout 1h ./integration/packages

$(PACKAGES)/root.tar:
	mkdir -p $(PACKAGES)
	mmdebstrap --variant=minbase --include=systemd,rpm,postgresql-client,curl,openssl bookworm $(PACKAGES)/making.tar
	mv $(PACKAGES)/making.tar $@

clean:
	rm -rf bin
