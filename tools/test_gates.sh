#!/bin/sh
# Proves that the gates can fail: each is shown a tree with one offence and must name it, and the
# tree without any and must be content. Run by `make check-self`.
set -u
cd "$(dirname "$0")/.." || exit 2

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
failed=0
tested=0

# A small clean tree: one header, one source in each pure folder.
clean_tree() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree/lib" "$work/tree/node/core" "$work/tree/mocks/model" "$work/tree/mocks/http" \
        "$work/tree/docs" "$work/tree/scenarios/fol"
    echo 'return {id = "FOL-01"}' >"$work/tree/scenarios/fol/FOL-01.lua"
    echo '| `R-2.1` | twice | `lib/a.c` | `ls_a_twice`, FOL-01 |' >"$work/tree/docs/REQUIREMENTS.md"
    cp .clang-format "$work/tree/"
    printf '%s\n' '/* What it is. */' '#ifndef LS_LIB_A_H' '#define LS_LIB_A_H' '' \
        '/* Doubles v. */' 'int ls_a_twice(int v);' '' '#endif' >"$work/tree/lib/a.h"
    printf '%s\n' '/* What it is. */' '#ifndef LS_CORE_A_H' '#define LS_CORE_A_H' '#endif' \
        >"$work/tree/node/core/a.h"
    for folder in lib node/core mocks/model; do
        printf '%s\n' '/* What it is. */' '#include "lib/a.h"' '' '#include <string.h>' '' \
            'int ls_a_twice(int v)' '{' '    return v * 2;' '}' '' \
            'void ls_a_wipe(void *p, size_t n)' '{' '    memset(p, 0, n);' '}' >"$work/tree/$folder/a.c"
    done
}

compile() {
    objects=
    for source in lib/a.c node/core/a.c mocks/model/a.c; do
        (cd "$work/tree" && gcc -std=c11 -O2 -fPIE -I. -c -o "${source%.c}.o" "$source") || return 2
        objects="$objects $work/tree/${source%.c}.o"
    done
}

gate_format() { (cd "$work/tree" && clang-format --dry-run -Werror $(find . -name '*.[ch]')); }
gate_layers() { tools/check_layers "$work/tree"; }
gate_purity() { compile && tools/check_purity $(echo "$objects" | tr ' ' '\n' | grep -v lib/); }
gate_source() { tools/check_source "$work/tree"; }
gate_requirements() { tools/check_requirements "$work/tree"; }
gate_objects() { compile && tools/check_source "$work/tree" $objects; }

say() {
    tested=$((tested + 1))
    if [ "$1" = ok ]; then
        echo "ok $tested - $2"
    else
        echo "not ok $tested - $2"
        sed 's/^/# /' "$work/out"
        failed=$((failed + 1))
    fi
}

# passes GATE: it is content with the clean tree.
passes() {
    clean_tree
    if "gate_$1" >"$work/out" 2>&1; then
        say ok "$1: content with a clean tree"
    else
        say bad "$1: content with a clean tree"
    fi
}

# refuses GATE WORDS FILE TEXT: with TEXT at the end of FILE the gate fails and its output has WORDS.
refuses() {
    clean_tree
    mkdir -p "$(dirname "$work/tree/$3")"
    printf '%b' "$4" >>"$work/tree/$3"
    if "gate_$1" >"$work/out" 2>&1; then
        say bad "$1: refuses $2"
    elif grep -q -e "$2" "$work/out"; then
        say ok "$1: refuses $2"
    else
        say bad "$1: refuses $2 in so many words"
    fi
}

passes format
refuses format 'clang-format' lib/a.c 'int   ls_a_x;\n'

passes layers
refuses layers 'lib must not include "node/core/a.h"' lib/a.c '#include "node/core/a.h"\n'
refuses layers 'node/core must not include <time.h>' node/core/a.c '#include <time.h>\n'
refuses layers 'node/core must not include <stdio.h>' node/core/a.c '#  include  <stdio.h> // why\n'
refuses layers 'mocks/model must not include <cJSON.h>' mocks/model/a.c '#include <cJSON.h>\n'
refuses layers 'mocks/model must not include <sys/socket.h>' mocks/model/a.c '#include <sys/socket.h>\n'
refuses layers '"a.h" is not a header, written from the root' lib/a.c '#include "a.h"\n'
refuses layers 'no layer in tools/layers.conf covers' attic/a.c '/* What it is. */\n'
refuses layers 'neither "header" nor <header>' lib/a.c '#include LS_HEADER\n'

passes purity
refuses purity 'core/a.o: malloc' node/core/a.c '#include <stdlib.h>\nvoid *ls_a_x(void);\nvoid *ls_a_x(void) { return malloc(9); }\n'
refuses purity 'model/a.o: clock_gettime' mocks/model/a.c '#include <time.h>\nint ls_a_x(void *t) { return clock_gettime(1, t); }\n'
refuses purity 'core/a.o: puts' node/core/a.c '#include <stdio.h>\nint ls_a_x(void) { return puts("x"); }\n'
refuses purity 'model/a.o: ls_json_parse' mocks/model/a.c 'int ls_json_parse(void);\nint ls_a_x(void) { return ls_json_parse(); }\n'
refuses purity 'core/a.o: ls_b_x' node/core/a.c 'int ls_b_x(void);\nint ls_a_x(void) { return ls_b_x(); }\n'

passes source
refuses source 'tab' lib/a.c '\tint x;\n'
refuses source 'blank at the end' lib/a.c '// x \n'
refuses source 'no newline at the end' lib/a.c '// x'
refuses source 'no include guard' lib/b.h '/* What it is. */\n'
refuses source 'include guard .* is taken' lib/b.h '/* What it is. */\n#ifndef LS_LIB_A_H\n#endif\n'
refuses source 'opens with a comment' lib/b.h '#ifndef LS_B_H\n#define LS_B_H\n#endif\n'
refuses source 'no comment on this prototype' lib/a.h '\nint ls_a_naked(void);\n'
refuses source 'typedef of a struct' lib/a.c 'typedef struct a b;\n'
refuses source 'default: in a switch over an enum' lib/a.c 'void f(int v)\n{\n    switch (v) {\n    case LS_X:\n        break;\n    default:\n        break;\n    }\n}\n'
passes objects
refuses objects 'keeps a mutable variable: counter' lib/a.c 'static int counter;\nint ls_a_next(void) { return ++counter; }\n'
refuses objects 'keeps a mutable variable: table' lib/a.c 'static int table[2] = {1, 2};\nint *ls_a_table(void) { return table; }\n'
refuses objects 'exports a name without ls_: helper' lib/a.c 'int helper(void) { return 1; }\n'

passes requirements
refuses requirements 'no row for I-07, cited in lib/a.c' lib/a.c '/* I-07 */\n'
refuses requirements 'two rows for R-2.1' docs/REQUIREMENTS.md '| `R-2.1` | again |\n'
refuses requirements 'no such file: lib/b.c' docs/REQUIREMENTS.md '| `P-1` | `lib/b.c` |\n'
refuses requirements 'nothing in the tree is called ls_a_thrice' docs/REQUIREMENTS.md '| `P-1` | `ls_a_thrice` |\n'
refuses requirements 'no scenario FOL-02' docs/REQUIREMENTS.md '| `P-1` | FOL-02 |\n'

echo "1..$tested"
[ "$failed" -eq 0 ]
