# lockstep: build, checks, tests. Objects go under $(BUILD)/, nothing else in the tree is written.
#   make            release build          make SAN=1      with ASan and UBSan
#   make check      format, warnings with gcc and clang, layers, purity
#   make test       unit tests and scenarios
#   make install    DESTDIR= PREFIX=

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
CC      ?= gcc
SAN     ?=

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
OPT     := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -fPIE
LDFLAGS := -pie -fsanitize=address,undefined
endif
CFLAGS := $(STD) $(OPT) $(WARN) $(INC) $(DEFS) $(EXTRA_CFLAGS)
OBJ    := $(BUILD)/obj/$(MODE)

# One static library a layer; a program names the layers it may use.
src = $(sort $(wildcard $(1)/*.c))
LIB_SRC      := $(call src,lib)
OP_SRC       := $(call src,lib/op)
CORE_SRC     := $(call src,node/core)
NODEIO_SRC   := $(call src,node/io)
MODEL_SRC    := $(call src,mocks) $(call src,mocks/model) $(call src,mocks/filter) $(call src,mocks/rpc)
HTTP_SRC     := $(call src,mocks/http)
HARNESS_SRC  := $(foreach d,capture check report scenario live,$(call src,harness/$(d)))
obj = $(patsubst %.c,$(OBJ)/%.o,$(1))

L_LIB     := $(OBJ)/liblslib.a
L_OP      := $(OBJ)/liblsop.a
L_CORE    := $(OBJ)/liblscore.a
L_NODEIO  := $(OBJ)/liblsnodeio.a
L_MODEL   := $(OBJ)/liblsmodel.a
L_HTTP    := $(OBJ)/liblshttp.a
L_HARNESS := $(OBJ)/liblsharness.a

BASE_LIBS := -lcjson -lnettle -lzstd -lm
NODE_LIBS := -lcurl -lmicrohttpd $(BASE_LIBS)
HARN_LIBS := -lcurl -lmicrohttpd -llua5.4 $(BASE_LIBS)

UNIT_SRC  := $(call src,tests/unit)
UNIT_BIN  := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))

.PHONY: all clean check format test unit install demo bench bench-node
all: $(BUILD)/lightcl $(BUILD)/lockstep $(UNIT_BIN)

# The programs stand at $(BUILD)/ in either mode; this stamp changes when the mode does.
$(BUILD)/obj/mode: FORCE
	@mkdir -p $(BUILD)/obj; echo '$(MODE) $(CC)' | cmp -s - $@ || echo '$(MODE) $(CC)' > $@
FORCE:

$(OBJ)/%.o: %.c $(BUILD)/obj/mode
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

define archive
$(1): $(call obj,$(2))
	@mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$^
endef
$(eval $(call archive,$(L_LIB),$(LIB_SRC)))
$(eval $(call archive,$(L_OP),$(OP_SRC)))
$(eval $(call archive,$(L_CORE),$(CORE_SRC)))
$(eval $(call archive,$(L_NODEIO),$(NODEIO_SRC)))
$(eval $(call archive,$(L_MODEL),$(MODEL_SRC)))
$(eval $(call archive,$(L_HTTP),$(HTTP_SRC)))
$(eval $(call archive,$(L_HARNESS),$(HARNESS_SRC)))

$(BUILD)/lightcl: $(OBJ)/node/main.o $(L_NODEIO) $(L_CORE) $(L_OP) $(L_LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(NODE_LIBS)

$(BUILD)/lockstep: $(OBJ)/harness/main.o $(L_HARNESS) $(L_HTTP) $(L_MODEL) $(L_OP) $(L_LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(HARN_LIBS)

# Unit tests link only the layers under test; tests/unit/test_<layer>_*.c picks them by its prefix.
TEST_LIBS_lib     := $(L_LIB)
TEST_LIBS_op      := $(L_OP) $(L_LIB)
TEST_LIBS_core    := $(L_CORE) $(L_OP) $(L_LIB)
TEST_LIBS_node    := $(L_NODEIO) $(L_CORE) $(L_OP) $(L_LIB)
TEST_LIBS_mocks   := $(L_HTTP) $(L_MODEL) $(L_OP) $(L_LIB)
TEST_LIBS_harness := $(L_HARNESS) $(L_HTTP) $(L_MODEL) $(L_OP) $(L_LIB)
TEST_EXT_lib      := $(BASE_LIBS)
TEST_EXT_op       := $(BASE_LIBS)
TEST_EXT_core     := $(BASE_LIBS)
TEST_EXT_node     := $(NODE_LIBS)
TEST_EXT_mocks    := -lmicrohttpd $(BASE_LIBS)
TEST_EXT_harness  := $(HARN_LIBS)
layer = $(word 2,$(subst _, ,$(notdir $(1))))

.SECONDEXPANSION:
$(BUILD)/tests/%: $(OBJ)/tests/unit/%.o $$(TEST_LIBS_$$(call layer,%))
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(TEST_EXT_$(call layer,$*))

unit: $(UNIT_BIN)
	@set -e; for t in $(UNIT_BIN); do $$t; done

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
