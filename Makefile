# lockstep: build, checks, tests. Objects go under $(BUILD)/, nothing else in the tree is written.
#   make            release build          make SAN=1      with ASan and UBSan
#   make check      format, warnings with gcc and clang, layers, purity, source, and the gates' own
#                   test; make format mends the first
#   make test       unit tests and scenarios
#   make mutants    shows that the scenarios notice a broken node
#   make demo       the tour of run_demo.sh
#   make bench      figures, one a line: "name value"
#   make bench-chains   the figures of docs/PERFORMANCE.md: a chain of a million blocks
#   make fuzz       the fuzz targets (clang)
#   make install    DESTDIR= PREFIX=
# V=1 shows the commands.

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
SAN     ?=
V       ?=
ifeq ($(origin CC),default)
CC := gcc
endif

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wvla -Wundef -Wcast-qual -Wwrite-strings -Wformat=2 \
        -Wimplicit-fallthrough -Wnull-dereference -Werror
STD  := -std=c11 -D_POSIX_C_SOURCE=200809L
INC  := -I. -I/usr/include/lua5.4 -I/usr/include/cjson
DEFS := -DLS_VERSION='"$(VERSION)"'

ifeq ($(SAN),)
MODE    := release
OPT     := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS := -pie -Wl,-z,relro,-z,now
else
MODE    := san
OPT     := -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -fPIE
LDFLAGS := -pie -fsanitize=address,undefined
endif
CFLAGS := $(STD) $(OPT) $(WARN) $(INC) $(DEFS) $(EXTRA_CFLAGS)

# say WHAT: one short line a command, or with V=1 the command itself.
Q   := $(if $(V),,@)
say  = @$(if $(V),:,printf '  %-5s %s\n' $(1) $(patsubst $(BUILD)/%,%,$(2)))

# Objects of each mode and compiler have their own folder, so that changing either rebuilds nothing.
obj_dir = $(BUILD)/obj/$(1)-$(notdir $(2))
OBJ     := $(call obj_dir,$(MODE),$(CC))

# One static library a layer; a program names the layers it may use.
src = $(sort $(wildcard $(1)/*.c))
LIB_SRC      := $(call src,lib)
OP_SRC       := $(call src,lib/op)
CORE_SRC     := $(call src,node/core)
NODEIO_SRC   := $(call src,node/io)
MODEL_SRC    := $(call src,mocks) $(call src,mocks/model) $(call src,mocks/filter) $(call src,mocks/rpc)
HTTP_SRC     := $(call src,mocks/http)
HARNESS_SRC  := $(foreach d,capture check report scenario run live serve record demo,$(call src,harness/$(d)))
MAIN_SRC     := $(wildcard node/main.c harness/main.c)
UNIT_SRC     := $(call src,tests/unit)
CORPUS_SRC   := $(filter-out %/main.c,$(call src,tests/engine_corpus))
BENCH_SRC    := $(call src,bench)
PRODUCT_SRC  := $(LIB_SRC) $(OP_SRC) $(CORE_SRC) $(NODEIO_SRC) $(MODEL_SRC) $(HTTP_SRC) \
                $(HARNESS_SRC) $(MAIN_SRC)
PURE_SRC     := $(CORE_SRC) $(call src,mocks/model)
obj    = $(patsubst %.c,$(OBJ)/%.o,$(1))
gccobj = $(patsubst %.c,$(call obj_dir,release,gcc)/%.o,$(1))

L_LIB     := $(OBJ)/liblslib.a
L_OP      := $(OBJ)/liblsop.a
L_CORE    := $(OBJ)/liblscore.a
L_NODEIO  := $(OBJ)/liblsnodeio.a
L_MODEL   := $(OBJ)/liblsmodel.a
L_HTTP    := $(OBJ)/liblshttp.a
L_HARNESS := $(OBJ)/liblsharness.a
L_CORPUS  := $(OBJ)/liblscorpus.a

BASE_LIBS := -lnettle -lzstd -lm
NODE_LIBS := -lcurl -lmicrohttpd $(BASE_LIBS)
MOCK_LIBS := -lmicrohttpd -lz -lyaml $(BASE_LIBS)
HARN_LIBS := -lcurl -llua5.4 $(MOCK_LIBS)

UNIT_BIN  := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
BENCH_BIN := $(patsubst bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC))

.PHONY: all programs objects product-objects clean format unit scenarios test mutants install demo \
        bench bench-node bench-engine bench-chains fuzz check check-format check-gcc check-clang \
        check-layers check-purity check-source check-requirements check-self
.DELETE_ON_ERROR:
all: programs $(UNIT_BIN) $(BUILD)/tests/engine_corpus
programs: $(BUILD)/lightcl $(BUILD)/lockstep
objects: product-objects $(call obj,$(UNIT_SRC) $(BENCH_SRC) $(call src,tests/engine_corpus))
product-objects: $(call obj,$(PRODUCT_SRC))

# A stamp is written anew only when its text differs: objects follow the flags they were made with,
# and programs, which stand at $(BUILD)/ in every mode, the mode they were linked in.
stamp = mkdir -p $(@D); printf '%s\n' $(1) | cmp -s - $@ || printf '%s\n' $(1) > $@
$(OBJ)/flags: FORCE
	@$(call stamp,'$(CC) $(subst ','\'',$(CFLAGS))')
$(BUILD)/mode: FORCE
	@$(call stamp,'$(OBJ)')
FORCE:

$(OBJ)/%.o: %.c $(OBJ)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/harness/serve/page.o: harness/serve/page.html # .incbin

# cmocka's assertions do not tell the compiler that they do not return.
$(OBJ)/tests/%.o: CFLAGS += -Wno-null-dereference

# A library is made anew when the list of its members changes too: a file may have gone.
define archive
$(1).members: FORCE
	@$$(call stamp,'$(2)')
$(1): $(call obj,$(2)) $(1).members
	$(Q)mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$(filter %.o,$$^)
endef
$(eval $(call archive,$(L_LIB),$(LIB_SRC)))
$(eval $(call archive,$(L_OP),$(OP_SRC)))
$(eval $(call archive,$(L_CORE),$(CORE_SRC)))
$(eval $(call archive,$(L_NODEIO),$(NODEIO_SRC)))
$(eval $(call archive,$(L_MODEL),$(MODEL_SRC)))
$(eval $(call archive,$(L_HTTP),$(HTTP_SRC)))
$(eval $(call archive,$(L_HARNESS),$(HARNESS_SRC)))
$(eval $(call archive,$(L_CORPUS),$(CORPUS_SRC)))

# link LIBRARIES: a program from the objects and archives it depends on.
define link
$(call say,LINK,$@)
$(Q)mkdir -p $(@D); $(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(1)
endef

$(BUILD)/lightcl: $(OBJ)/node/main.o $(L_NODEIO) $(L_CORE) $(L_OP) $(L_LIB) $(BUILD)/mode
	$(call link,$(NODE_LIBS))

$(BUILD)/lockstep: $(OBJ)/harness/main.o $(L_HARNESS) $(L_HTTP) $(L_MODEL) $(L_OP) $(L_LIB) $(BUILD)/mode
	$(call link,$(HARN_LIBS))

# Unit tests link only the layers under test; tests/unit/test_<layer>_*.c picks them by its prefix.
TEST_LIBS_lib     := $(L_LIB)
TEST_LIBS_op      := $(L_OP) $(L_LIB)
TEST_LIBS_core    := $(L_CORE) $(L_OP) $(L_LIB)
TEST_LIBS_node    := $(L_NODEIO) $(L_CORE) $(L_OP) $(L_LIB)
TEST_LIBS_mocks   := $(L_HTTP) $(L_MODEL) $(L_OP) $(L_LIB)
TEST_LIBS_harness := $(L_CORPUS) $(L_HARNESS) $(L_HTTP) $(L_MODEL) $(L_OP) $(L_LIB)
TEST_EXT_lib      := $(BASE_LIBS)
TEST_EXT_op       := $(BASE_LIBS)
TEST_EXT_core     := $(BASE_LIBS)
TEST_EXT_node     := $(NODE_LIBS)
TEST_EXT_mocks    := $(MOCK_LIBS)
TEST_EXT_harness  := $(HARN_LIBS)
# These make the library's allocations fail, and take the place of the functions that allocate.
TEST_LD_test_lib_alloc := -Wl,--wrap=malloc,--wrap=realloc,--wrap=ZSTD_createCCtx,--wrap=ZSTD_createDCtx
TEST_LD_test_op_alloc  := -Wl,--wrap=malloc,--wrap=realloc
TEST_LD_test_harness_alloc := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=ZSTD_createDCtx
# These need not wait for the disk, and one kills the process in the calls that change it.
TEST_LD_test_harness_pull_run  := -Wl,--wrap=fsync,--wrap=fdatasync
TEST_LD_test_harness_pull_kill := -Wl,--wrap=write,--wrap=writev,--wrap=rename,--wrap=unlink,--wrap=rmdir \
        -Wl,--wrap=mkdir,--wrap=ftruncate,--wrap=fsync,--wrap=fdatasync
layer = $(word 2,$(subst _, ,$(notdir $(1))))

# Recorded calls of real engines against ours.
$(BUILD)/tests/engine_corpus: $(OBJ)/tests/engine_corpus/main.o $(L_CORPUS) $(L_HARNESS) $(L_MODEL) $(L_OP) $(L_LIB) $(BUILD)/mode
	$(call link,-lcurl $(BASE_LIBS))

.SECONDEXPANSION:
.SECONDARY: $(call obj,$(UNIT_SRC) $(BENCH_SRC))
$(BUILD)/tests/%: $(OBJ)/tests/unit/%.o $$(TEST_LIBS_$$(call layer,%)) $(BUILD)/mode
	$(call link,$(TEST_LD_$*) -lcmocka -lcjson $(TEST_EXT_$(call layer,$*)))

$(BUILD)/bench/%: $(OBJ)/bench/%.o $(L_HARNESS) $(L_HTTP) $(L_MODEL) $(L_OP) $(L_LIB) $(BUILD)/mode
	$(call link,$(HARN_LIBS))

unit: $(UNIT_BIN)
	@set -e; for t in $(UNIT_BIN); do $$t; done

scenarios: programs
	$(BUILD)/lockstep run -j 2 scenarios

test: unit scenarios

# Broken nodes, each of which a scenario must notice. Minutes, so no part of test.
mutants: programs
	@tests/mutants/run.sh -b $(BUILD)

demo: programs
	$(BUILD)/lockstep demo

# --- gates: each is one target, and run_tests.sh counts each as one test ---

C_FILES := $(shell find bench harness lib mocks node tests -name '*.[ch]' 2>/dev/null | sort)

check: check-format check-gcc check-clang check-layers check-purity check-source check-requirements \
       check-self

check-format:
	@clang-format --dry-run -Werror $(C_FILES)

format:
	@clang-format -i $(C_FILES)

# A compiler is content when it makes every object, with warnings as errors. gcc finds some of them
# while it optimizes, and these are the objects of a release; clang needs not even make code.
check-gcc:
	@$(MAKE) --no-print-directory CC=gcc SAN= objects
check-clang:
	@$(MAKE) --no-print-directory CC=clang MODE=lint OPT=-O0 objects

check-layers:
	@tools/check_layers

# These two look at a release build's objects, whatever this make was told to build.
GCC_PRODUCT := +@$(MAKE) --no-print-directory CC=gcc SAN= product-objects
check-purity:
	$(GCC_PRODUCT)
	@tools/check_purity $(call gccobj,$(PURE_SRC))

check-source:
	$(GCC_PRODUCT)
	@tools/check_source . $(call gccobj,$(PRODUCT_SRC))

# docs/REQUIREMENTS.md against the tree.
check-requirements:
	@tools/check_requirements

# Every gate is shown a file it must refuse.
check-self:
	@tools/test_gates.sh

# --- fuzzing: libFuzzer, so clang; not part of all. tests/fuzz/corpus/NAME holds the seeds and what
#     was found: build/fuzz/json -max_total_time=60 NEW_FINDS_DIR tests/fuzz/corpus/json ---

FUZZ_BIN := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz/%,$(call src,tests/fuzz))

fuzz: $(FUZZ_BIN)

# What a target needs beside lib and lib/op.
capture = $(patsubst %,harness/capture/%.c,$(1))
FUZZ_SRC_manifest := $(call capture,manifest jsontext)
FUZZ_SRC_ndjson   := $(call capture,load lazy store index index_build check segment files input \
                     jsontext) mocks/model/universe.c
FUZZ_SRC_index    := $(call capture,index index_build store check segment files) \
                     mocks/model/universe.c
FUZZ_SRC_batch    := $(call capture,pull_batch jsontext)
FUZZ_SRC_journal  := $(call capture,chain lazy load check segment files jsontext manifest window store \
                     index index_build beside receipts proofs labels pull_folder pull_facts pull_journal \
                     pull_track pull_labels pull_roll pull_unfold pull_finish pull_frames pull_beside) \
                     mocks/model/universe.c

FUZZ_SRC_gotx     := mocks/rpc/gotx.c mocks/rpc/gorlp.c mocks/rpc/gosign.c

$(BUILD)/fuzz/%: tests/fuzz/fuzz_%.c $(LIB_SRC) $(OP_SRC) $$(FUZZ_SRC_$$*) \
                 $(wildcard lib/*.h lib/op/*.h harness/capture/*.h mocks/rpc/go*.h)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D); clang $(STD) -O1 -g $(WARN) $(INC) $(DEFS) -fno-sanitize-recover=all \
	    -fsanitize=fuzzer,address,undefined -o $@ $(filter %.c,$^) $(BASE_LIBS)

# --- figures ---

bench: programs $(BENCH_BIN)
	@set -e; for b in $(BENCH_BIN) $(wildcard bench/*.sh); do $$b $(BUILD); done

bench-engine: programs $(BUILD)/bench/engine
	@$(BUILD)/bench/engine $(BUILD)

bench-node: programs $(BUILD)/bench/node
	@$(BUILD)/bench/node $(BUILD)

# A chain of a million blocks: 4 GiB of text, minutes.
bench-chains: $(BUILD)/bench/chains
	@$(BUILD)/bench/chains $(BUILD) 1000000

# --- installation ---

SHARE := $(DESTDIR)$(PREFIX)/share/lockstep
install: programs
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)
	install -m 755 $(BUILD)/lightcl $(BUILD)/lockstep $(DESTDIR)$(PREFIX)/bin
	find scenarios fixtures docs README.md LICENSE CHANGELOG.md -type f ! -name '*.idx' \
	    -exec install -D -m 644 {} $(SHARE)/{} \;

clean:
	rm -rf $(BUILD)

-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
