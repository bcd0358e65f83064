/*
 * lockstep: one program, a subcommand for each thing it does.
 */
#include <stdio.h>
#include <string.h>

#include "harness/capture/commands.h"
#include "harness/demo/demo.h"
#include "harness/record/commands.h"
#include "harness/run/run.h"
#include "harness/serve/serve.h"

#ifndef LS_VERSION
#define LS_VERSION "unknown"
#endif

static const char usage[] =
    "usage: lockstep COMMAND [arguments]\n"
    "\n"
    "  run     scenarios against a consensus node\n"
    "  demo    lightcl follows a recorded chain, is led astray, comes back\n"
    "  serve   the mocks over a recorded chain, as servers for people and nodes\n"
    "  info    what a fixture folder holds\n"
    "  verify  every hash, root and link of fixture folders\n"
    "  capture blocks of a living chain into a fixture folder\n"
    "  import  recorded blocks into a fixture folder\n"
    "  export  the blocks of a folder, one a line\n"
    "  cut     a window of a folder as a folder\n"
    "  fork    a synthetic branch into a folder\n"
    "  record  what a node and its peers say to each other, from between them\n"
    "  replay  a recorded conversation against a node\n"
    "\n"
    "lockstep COMMAND --help says more. --version prints the version.\n";

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"demo", ls_cmd_demo},     {"serve", ls_cmd_serve},   {"capture", ls_cmd_capture},
    {"info", ls_cmd_info},     {"verify", ls_cmd_verify}, {"import", ls_cmd_import},
    {"export", ls_cmd_export}, {"cut", ls_cmd_cut},       {"fork", ls_cmd_fork},
    {"record", ls_cmd_record}, {"replay", ls_cmd_replay}};

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        puts("lockstep " LS_VERSION);
        return 0;
    }
    if (strcmp(name, "run") == 0) {
        return ls_cmd_run(argc - 1, argv + 1, argv[0]);
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    if (*name) {
        fprintf(stderr, "lockstep: unknown command \"%s\"; lockstep --help lists them\n", name);
    } else {
        fputs(usage, stderr);
    }
    return 2;
}
