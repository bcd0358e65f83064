/*
 * The subcommands of lockstep that work on fixture folders. Each takes the arguments behind the
 * subcommand's name (argv[0] is that name) and returns the exit code of the program: 0, 1 when the
 * content was refused, 2 for wrong usage or a file that cannot be read or written. What goes wrong
 * is one line on stderr: what, where, what to do. --help prints the usage and returns 0.
 */
#ifndef LS_HARNESS_CAPTURE_COMMANDS_H
#define LS_HARNESS_CAPTURE_COMMANDS_H

/* lockstep import FILE… -o DIR: makes a folder from recorded blocks. */
int ls_cmd_import(int argc, char **argv);
/* lockstep verify DIR…: opens each folder, which checks everything, and says so. */
int ls_cmd_verify(int argc, char **argv);
/* lockstep info DIR…: ranges, forks crossed, branches, sizes, labels. */
int ls_cmd_info(int argc, char **argv);
/* lockstep cut DIR --first N --last N -o DIR: a window of a folder as a folder of its own. */
int ls_cmd_cut(int argc, char **argv);
/* lockstep fork DIR --at N --length K --name NAME -o DIR: adds a synthetic branch. */
int ls_cmd_fork(int argc, char **argv);
/* lockstep export DIR: the blocks again, one a line, as they were imported. */
int ls_cmd_export(int argc, char **argv);
/* lockstep capture --l2 URL --from N --to M -o DIR: records a living chain. Exit codes 0, 2 for
 * wrong usage, 1 for everything that happens later; what was recorded stays for another start. */
int ls_cmd_capture(int argc, char **argv);

#endif
