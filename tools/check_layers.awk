# The program of tools/check_layers. First file: layers.conf; the others: C sources, root-relative.

# The name of the layer a path belongs to: the longest rule that is the path or a folder above it.
function layer_of(path,    p)
{
    for (p = path; p != ""; sub(/\/?[^\/]*$/, "", p)) {
        if (p in project) {
            return p
        }
    }
    return ""
}

function is_system_allowed(layer, header,    n, i, m, j, names, pats)
{
    n = split(system_of[layer], names, " ")
    for (i = 1; i <= n; i++) {
        m = split(group[names[i]], pats, " ")
        for (j = 1; j <= m; j++) {
            if (pats[j] == header) {
                return 1
            }
            if (pats[j] ~ /\*$/ && index(header, substr(pats[j], 1, length(pats[j]) - 1)) == 1) {
                return 1
            }
        }
    }
    return 0
}

function is_project_allowed(layer, header, target,    n, i, names, allowed)
{
    n = split(project[layer], names, " ")
    allowed = 0
    for (i = 1; i <= n; i++) {
        if (names[i] == "-" header) {
            return 0
        }
        if (names[i] == target || names[i] == header) {
            allowed = 1
        }
    }
    return allowed
}

function offence(text)
{
    printf "%s:%d: %s\n", FILENAME, FNR, text
    offences++
}

function conf_error(text)
{
    offence(text)
    exit 1
}

function check_conf(    l, n, i, names)
{
    for (l in system_of) {
        n = split(system_of[l], names, " ")
        for (i = 1; i <= n; i++) {
            if (!(names[i] in group)) {
                conf_error("layer " l " names no such group: " names[i])
            }
        }
    }
}

FNR == 1 && NR != 1 {
    if (!checked_conf) {
        check_conf()
        checked_conf = 1
    }
    files++
    layer = layer_of(FILENAME)
    if (layer == "") {
        offence("no layer in tools/layers.conf covers this file")
        nextfile
    }
}

NR == FNR && /^group[ \t]/ {
    for (i = 3; i <= NF; i++) {
        group[$2] = group[$2] " " $i
    }
    next
}
NR == FNR && /^layer[ \t]/ {
    if (split(substr($0, 6), part, ":") != 3) {
        conf_error("want: layer PATH : PROJECT… : SYSTEM…")
    }
    gsub(/[ \t]/, "", part[1])
    project[part[1]] = part[2]
    system_of[part[1]] = part[3]
    next
}
NR == FNR && (/^#/ || /^[ \t]*$/) {
    next
}
NR == FNR {
    conf_error("not a group, a layer or a comment")
}

/^[ \t]*#[ \t]*include/ {
    line = $0
    if (match(line, /"[^"]*"/)) {
        header = substr(line, RSTART + 1, RLENGTH - 2)
        if ((getline rest < header) < 0) {
            offence("\"" header "\" is not a header, written from the root of the tree")
            next
        }
        close(header)
        target = layer_of(header)
        if (!is_project_allowed(layer, header, target)) {
            offence(layer " must not include \"" header "\"")
        }
    } else if (match(line, /<[^>]*>/)) {
        header = substr(line, RSTART + 1, RLENGTH - 2)
        if (!is_system_allowed(layer, header)) {
            offence(layer " must not include <" header ">")
        }
    } else {
        offence("include of neither \"header\" nor <header>")
    }
}

END {
    if (files == 0) {
        print "check_layers: no source file found"
        exit 1
    }
    exit (offences > 0)
}
