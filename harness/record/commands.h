/*
 * The subcommands of lockstep about conversations. Each takes the arguments behind its name
 * (argv[0] is that name) and returns the exit code of the program.
 */
#ifndef LS_HARNESS_RECORD_COMMANDS_H
#define LS_HARNESS_RECORD_COMMANDS_H

/* lockstep record --engine LISTEN=URL … -o DIR: a proxy that records what a node and its peers say
 * to each other, until SIGINT or SIGTERM; --import FILE makes a folder of a transcript instead,
 * --finish DIR ends a recording that was killed. 0, 1 when the recording is not whole, 2 for wrong
 * usage, a port or file that cannot be had. */
int ls_cmd_record(int argc, char **argv);

/* lockstep replay DIR: serves the recorded answers to a node under test and says where its calls
 * part from the recording. 0 equal, 1 different, 2 wrong usage or a folder that cannot be read. */
int ls_cmd_replay(int argc, char **argv);

#endif
