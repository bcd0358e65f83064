# Part of tools/check_source: bytes and blanks of every text file.

function offence(text)
{
    printf "%s:%d: %s\n", FILENAME, FNR, text
    offences++
}

/\t/ && FILENAME !~ /Makefile$/ { offence("tab") }
/[ \t]$/ { offence("blank at the end of the line") }
/\r/ { offence("carriage return") }

END { exit (offences > 0) }
