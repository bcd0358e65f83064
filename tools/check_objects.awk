# Part of tools/check_source: reads `objdump -t`. No object keeps a variable that can change
# (.data, .bss, common; constant tables with pointers stand in .data.rel.ro), and what is exported
# is named ls_…, or main.

/file format/ { object = $1; sub(/:$/, "", object); next }

/ O (\.data|\.bss|\.tdata|\.tbss|\*COM\*)(\.[^r]|[ \t])/ {
    print object " keeps a mutable variable: " $NF
    offences++
}
/^[0-9a-f]+ g/ && $NF !~ /^(ls_[a-z0-9_]+|LS_[A-Z0-9_]+|main)$/ && !/\*UND\*/ {
    print object " exports a name without ls_: " $NF
    offences++
}

END { exit (offences > 0) }
