# Part of tools/check_source: headers and sources of our C. It relies on the layout clang-format
# gives them: a function's closing brace stands in column one and nothing else does but the end of
# a type or a table.

function offence(text)
{
    printf "%s:%d: %s\n", FILENAME, FNR, text
    offences++
}

# LS_NODE_CORE_H for node/core/core.h: folders of the path, a folder that repeats the file's name
# counted once; checked loosely so that a header may shorten its folders.
function check_guard(name)
{
    if (name !~ /^LS_[A-Z0-9_]+_H$/) {
        offence("the include guard is not named LS_…_H")
    }
    if (guard_file[name] != "" && guard_file[name] != FILENAME) {
        offence("include guard " name " is taken by " guard_file[name])
    }
    guard_file[name] = FILENAME
}

function end_of_file()
{
    if (is_header && guard == "") {
        printf "%s: no include guard\n", last_file
        offences++
    }
}

FNR == 1 {
    if (last_file != "") {
        end_of_file()
    }
    last_file = FILENAME
    is_header = FILENAME ~ /\.h$/
    guard = ""
    in_comment = 0
    after_comment = 0
    depth_typed = 0
    function_line = 0
    cases = 0
    if (is_header && $0 !~ /^\/\*/) {
        offence("a header opens with a comment: what it is and why it exists")
    }
}

is_header && guard == "" && /^#ifndef / { guard = $2; check_guard(guard) }

# Comments: remember the line that ended one.
{
    starts = index($0, "/*")
    if (in_comment) {
        if (index($0, "*/")) {
            in_comment = 0
            comment_end = FNR
        }
        next
    }
    if (starts && !index(substr($0, starts), "*/")) {
        in_comment = 1
        if (starts == 1) {
            next
        }
    } else if (starts == 1) {
        comment_end = FNR
        next
    }
}

/^typedef struct/ { offence("typedef of a struct") }

# Exported prototypes: a comment ends right above, or above the prototypes or the type they stand
# together with, or is on the same line. init, fini, new, free and size mean the same everywhere (CONTRIBUTING.md).
is_header && /^[a-z].*[ *]ls_[a-z0-9_]+\(/ && !/^(static|typedef|return)/ {
    if (comment_end != FNR - 1 && text_end != FNR - 1 && !/;.*\/\*/ &&
        !/ls_[a-z0-9_]*_(init|fini|new|free|size)\(/) {
        offence("no comment on this prototype")
    }
}
NF > 0 && !/^#/ { text_end = FNR }

# Function bodies.
/^\{/ { function_line = FNR }
/^\}/ {
    if (function_line && FNR - function_line > 100) {
        printf "%s:%d: note: function of %d lines\n", FILENAME, function_line, FNR - function_line
    }
    function_line = 0
}

# Switches over enum constants of ours: all values, no default (the compiler then tells).
/^[ ]*switch \(/ { match($0, /^ */); switch_indent[++switches] = RLENGTH; has_enum[switches] = 0 }
switches && /^[ ]*case LS_/ { has_enum[switches] = 1 }
switches && /^[ ]*default:/ {
    if (has_enum[switches]) {
        offence("default: in a switch over an enum")
    }
}
switches && /^[ ]*\}/ {
    match($0, /^ */)
    if (RLENGTH == switch_indent[switches]) {
        switches--
    }
}

END {
    end_of_file()
    exit (offences > 0)
}
